import { beforeEach, describe, expect, it } from 'vitest'
import { expectConsistent } from '../../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  put,
  send,
} from '../../support/worker/registry.ts'
import { FILES } from './sample.ts'

beforeEach(() => createOwner())

const bytes = new TextEncoder().encode('some bytes')
const upload = (path: string, content = bytes) => put(content, `${FILES}/${path}`)
const get = (path: string) => answerOf(`${FILES}/${path}`)
const remove = (path: string) => answerOf(`${FILES}/${path}`, { method: 'DELETE', headers: ADMIN })

describe('names', () => {
  it('match without case, in package, version and file, and are kept as they were written', async () => {
    expect((await upload('Tool/RC1/File.BIN')).status).toBe(201)
    expect((await get('tool/rc1/file.bin')).status).toBe(200)
    expect((await get('TOOL/rC1/FILE.bin')).headers.get('content-disposition')).toBe(
      `attachment; filename="File.BIN"; filename*=UTF-8''File.BIN`,
    )
    const same = await upload('tool/rc1/file.bin')
    expect(`${same.status} ${same.text}`).toMatch(/^409 .*already published/)
    expect((await remove('tooL/Rc1/fiLe.bin')).status).toBe(204)
    expect((await get('Tool/RC1/File.BIN')).status).toBe(404)
    await expectConsistent()
  })

  it.each([
    ['a version such as latest', 'a/latest/f'],
    ['a version with a blank and letters of any alphabet', 'a/v%201%20%C3%BC/f'],
    ['a version with a slash', 'a/r%2F1/f'],
    ['a version with a percent sign, decoded once', 'a/1%252F2/f'],
    ['every sign that a file may have', 'a/1/-_+=:;.()%5B%5D%7B%7D~!@%23$%25%5E&%20x'],
    ['a package of one letter', 'x/1/f'],
    ['a package of dots', '.../1/f'],
    ['names of 255 characters', `${'p'.repeat(255)}/${'v'.repeat(255)}/${'f'.repeat(255)}`],
  ])('take %s', async (_, path) => {
    const created = await upload(path)
    expect(`${created.status} ${created.text}`).toMatch(/^201 published /)
    expect(created.headers.get('location')).toBe(`${FILES}/${path}`)
    expect(await get(path)).toMatchObject({ status: 200, text: 'some bytes' })
  })
})

it('stores an empty file', async () => {
  expect((await upload('a/1/empty', new Uint8Array())).status).toBe(201)
  const response = await send(`${FILES}/a/1/empty`)
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '0'])
  expect(await response.text()).toBe('')
})

it('serves everything as bytes to save, and nothing to open', async () => {
  await upload('a/1/page.html', new TextEncoder().encode('<script>alert(1)</script>'))
  const { headers } = await get('a/1/page.html')
  expect(headers.get('content-type')).toBe('application/octet-stream')
  expect(headers.get('content-disposition')).toMatch(/^attachment; /)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toMatch(/sandbox/)
})

describe('removal', () => {
  beforeEach(async () => {
    for (const path of ['a/1/x', 'a/1/y', 'a/2/x', 'b/1/x']) {
      expect((await upload(path)).status).toBe(201)
    }
  })

  it('of the last file takes the version along', async () => {
    await remove('a/1/x')
    expect(await countRows()).toMatchObject({ package: 2, package_version: 3, package_file: 3 })
    await remove('a/1/y')
    expect(await countRows()).toMatchObject({ package: 2, package_version: 2, package_file: 2 })
    expect(await remove('a/1')).toMatchObject({ status: 404, text: 'no such version: "a/1"' })
  })

  it('of a version takes all its files, and no other version', async () => {
    expect((await remove('a/1')).status).toBe(204)
    expect((await get('a/1/x')).status).toBe(404)
    expect((await get('a/2/x')).status).toBe(200)
    expect(await countRows()).toMatchObject({ package: 2, package_version: 2, package_file: 2 })
    await expectConsistent()
  })

  it('of a package takes all its versions, and no other package', async () => {
    expect((await remove('a')).status).toBe(204)
    expect((await get('b/1/x')).status).toBe(200)
    expect(await countRows()).toMatchObject({ package: 1, package_version: 1, package_file: 1 })
    expect(await remove('a')).toMatchObject({ status: 404, text: 'no such package: "a"' })
    await expectConsistent()
  })
})

describe('a condition by date', () => {
  const since = (date: string) =>
    answerOf(`${FILES}/a/1/f`, { headers: { 'if-modified-since': date } })

  it('holds for the date of the file, and for no other', async () => {
    await upload('a/1/f')
    const sent = (await get('a/1/f')).headers.get('last-modified') ?? ''
    const shifted = (seconds: number) => new Date(Date.parse(sent) + seconds * 1000).toUTCString()
    expect((await since(sent)).status).toBe(304)
    // A file that was replaced by an older one has an earlier date; a clock that runs ahead a later one.
    for (const seconds of [-1, 1, 2 * 60 * 60])
      expect([seconds, (await since(shifted(seconds))).status]).toEqual([seconds, 200])
  })
})
