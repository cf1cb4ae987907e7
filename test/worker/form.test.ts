import { beforeEach, describe, expect, it } from 'vitest'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  listKeys,
  send,
} from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN } from '../types/alpine/repository.ts'

// A package that comes as a file of a form, as `curl -F file=@x.apk` sends it.

const HELLO = { name: 'hello', version: '1-r0' }
const TYPE = { 'content-type': 'multipart/form-data; boundary=b' }

function formOf(files: readonly Uint8Array[], fields: Record<string, string> = {}): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  for (const bytes of files) form.append('file', new Blob([bytes]), 'x.apk')
  return form
}

const putForm = (body: BodyInit, headers: HeadersInit = {}) =>
  answerOf(MAIN, { method: 'PUT', headers: { ...ADMIN, ...headers }, body })

/** The same bytes in small pieces and without a length. */
async function piecesOf(form: FormData, size: number) {
  const response = new Response(form)
  const bytes = new Uint8Array(await response.arrayBuffer())
  let at = 0
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at + size))
      at += size
    },
  })
  return { stream, type: { 'content-type': response.headers.get('content-type') ?? '' } }
}

beforeEach(() => createOwner())

describe('a package in a form', () => {
  it('is published byte for byte', async () => {
    const bytes = buildApk({
      ...HELLO,
      files: [{ path: 'x', content: crypto.getRandomValues(new Uint8Array(60_000)) }],
    })
    const { status, text } = await putForm(formOf([bytes], { note: 'a field before it' }))
    expect(`${status} ${text}`).toBe(
      '201 published hello 1-r0 x86_64 to acme/edge/main, revision 1',
    )
    const response = await send(`${MAIN}/x86_64/hello-1-r0.apk`)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
  })

  it('is published in chunks of any size', async () => {
    for (const [at, size] of [7, 1000].entries()) {
      const form = formOf([buildApk({ name: 'hello', version: `${at}-r0` })])
      const { stream, type } = await piecesOf(form, size)
      expect((await putForm(stream, type)).status).toBe(201)
    }
  })

  it('is refused for what it is, as without the form', async () => {
    const { status, text } = await putForm(formOf([new Uint8Array(500_000)]))
    expect(`${status} ${text}`).toMatch(/^400 .*gzip/)
    expect(await listKeys('blobs/')).toEqual([])
  })
})

describe('a form is refused', () => {
  const part = 'Content-Disposition: form-data; name="file"; filename="x"'
  const hello = Buffer.from(buildApk(HELLO)).toString('latin1')

  it.each([
    [
      'without a file',
      '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--',
      /^400 the form has no file/,
    ],
    ['with nothing in it', '--b--\r\n', /^400 the form has no file/],
    ['that is empty', '', /^400 the form ends before its closing boundary/],
    ['that is cut off in its file', `--b\r\n${part}\r\n\r\n${hello}`, /^400 the form ends before/],
    [
      'that is cut off after its file',
      `--b\r\n${part}\r\n\r\n${hello}\r\n--b\r\n`,
      /^400 the form ends before/,
    ],
    [
      'with a second file',
      `--b\r\n${part}\r\n\r\n${hello}\r\n--b\r\n${part}\r\n\r\n${hello}\r\n--b--`,
      /^400 the form has more than one file/,
    ],
    [
      'with unreadable headers',
      '--b\r\nnonsense\r\n\r\n\r\n--b--',
      /^400 a part of the form has no header/,
    ],
    [
      'with large fields',
      `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${'a'.repeat(70_000)}\r\n--b--`,
      /^400 the fields of the form have more than 65536 bytes/,
    ],
    [
      'with a field twice',
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(2).concat('--b--'),
      /^400 the form has the field "a" twice/,
    ],
    [
      'with many fields',
      Array.from(
        { length: 101 },
        (_, at) => `--b\r\nContent-Disposition: form-data; name="${at}"\r\n\r\n\r\n`,
      )
        .join('')
        .concat('--b--'),
      /^400 the form has more than 100 fields/,
    ],
  ])('%s, and leaves nothing', async (_, body, answer) => {
    const { status, text } = await putForm(Buffer.from(body, 'latin1'), TYPE)
    expect(`${status} ${text}`).toMatch(answer)
    expect(await countRows()).toMatchObject({ package_file: 0, package_blob: 0 })
    expect(await listKeys()).toEqual([])
  })

  it('without a boundary', async () => {
    const { status, text } = await putForm('x', { 'content-type': 'multipart/form-data' })
    expect(`${status} ${text}`).toMatch(
      /^400 the Content-Type multipart\/form-data has no boundary/,
    )
  })

  it('that is larger than the limit, before it is read', async () => {
    const headers = { ...TYPE, 'content-length': '100000001' }
    const { status } = await putForm('x', headers)
    expect(status).toBe(413)
  })
})
