import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../src/core/digests.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  listKeys,
  send,
} from '../support/worker/registry.ts'
import { FORM_TYPE } from '../support/worker/stand-ins/form.ts'

// Forms whose fields say what their one file is, shown by a stand-in.

const FORMS = `/api/packages/acme/${FORM_TYPE}`

beforeEach(() => createOwner())

type Part = readonly [name: string, value: string | Blob, fileName?: string]

function post(parts: readonly Part[]) {
  const body = new FormData()
  for (const [name, value, fileName] of parts) {
    if (typeof value === 'string') body.append(name, value)
    else body.append(name, value, fileName)
  }
  return answerOf(FORMS, { method: 'POST', headers: ADMIN, body })
}

const FILE = new Uint8Array(300_000).fill(7)
const content: Part = ['content', new Blob([FILE]), 'tool-1-linux.whl']
const names: readonly Part[] = [
  ['name', 'tool'],
  ['version', '1'],
]

async function expectNothing(): Promise<void> {
  expect((await countRows()).package_blob).toBe(0)
  expect(await listKeys()).toEqual([])
}

describe('a form about a file', () => {
  it.each([
    ['before', [...names, content]],
    ['behind', [content, ...names]],
    ['around', [names[0] as Part, content, names[1] as Part]],
  ])('has its fields %s the file', async (_, parts) => {
    const { status, headers } = await post(parts)
    expect([status, headers.get('location')]).toEqual([201, `${FORMS}/tool/1/tool-1-linux.whl`])
    const file = await send(`${FORMS}/tool/1/tool-1-linux.whl`)
    expect(sha256(await file.bytes())).toBe(sha256(FILE))
    await expectConsistent()
  })

  it('may repeat a field, and have long ones', async () => {
    const description = 'ü'.repeat(40_000)
    await post([
      ['keyword', 'a'],
      ...names,
      content,
      ['keyword', 'b'],
      ['description', description],
    ])
    const metadata = await env.DB.prepare('SELECT metadata FROM package_file').first<string>(
      'metadata',
    )
    expect(JSON.parse(metadata ?? '')).toEqual({ description, keywords: ['a', 'b'] })
  })

  it('adds the files of further platforms to the version', async () => {
    await post([...names, content])
    const other: Part = ['content', new Blob(['other']), 'tool-1-plan9.whl']
    expect((await post([...names, other])).status).toBe(201)
    expect((await post([...names, other])).status).toBe(409)
    expect(await countRows()).toMatchObject({ package_version: 1, package_file: 2 })
  })

  const claim = (digest: string): Part => ['sha256', digest]
  it.each<[string, readonly Part[], RegExp]>([
    ['without a file', names, /^400 the form has no file: send it in the field "content"$/],
    [
      'of two files',
      [...names, content, content],
      /^400 the form has two files: send one a request$/,
    ],
    [
      'of long fields',
      [...names, content, ['description', 'x'.repeat(100_001)]],
      /^400 the fields of the form have more than 100000 bytes: shorten "description"$/,
    ],
    [
      'of many fields',
      [...names, content, ...Array.from({ length: 19 }, (): Part => ['keyword', 'x'])],
      /^400 the form has more than 20 fields: send fewer$/,
    ],
    ['of other bytes', [claim(sha256('')), ...names, content], /^400 other bytes$/],
    [
      'of other bytes, as is known late',
      [content, ...names, claim(sha256(''))],
      /^400 other bytes$/,
    ],
  ])('%s stores nothing', async (_, parts, says) => {
    const { status, text } = await post(parts)
    expect(`${status} ${text}`).toMatch(says)
    await expectNothing()
  })

  it('that is none, or is cut off, stores nothing', async () => {
    const plain = await answerOf(FORMS, { method: 'POST', headers: ADMIN, body: 'name=tool' })
    expect(plain.status).toBe(400)
    const boundary = 'multipart/form-data; boundary=x'
    const headers = { ...ADMIN, 'content-type': boundary }
    const part = '--x\r\nContent-Disposition: form-data; name="content"; filename="f"\r\n\r\nabc'
    const cut = await answerOf(FORMS, { method: 'POST', headers, body: part })
    expect(`${cut.status} ${cut.text}`).toMatch(/^400 the form ends before its closing boundary/)
    await expectNothing()
  })
})
