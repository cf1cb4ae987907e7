import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { FormatError } from '../../../../src/formats/format-error.ts'
import {
  isMultipart,
  parseBoundary,
  readFormParts,
} from '../../../../src/formats/multipart/form-data.ts'
import { chunked, collect, expectRefusal, failure } from '../streams.ts'

const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW'

interface Part {
  readonly name: string
  readonly fileName?: string
  readonly content: Uint8Array
}

function formOf(parts: readonly Part[], boundary = BOUNDARY): Uint8Array {
  const pieces = parts.flatMap(({ name, fileName, content }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`
    const header = `Content-Disposition: form-data; name="${name}"${file}`
    return [Buffer.from(`--${boundary}\r\n${header}\r\n\r\n`), content, Buffer.from('\r\n')]
  })
  return new Uint8Array(Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]))
}

async function read(bytes: Uint8Array, sizes: number | readonly number[] = 65_536, at = BOUNDARY) {
  const parts: Part[] = []
  for await (const { name, fileName, body } of readFormParts(chunked(bytes, sizes), at)) {
    const content = await collect(body)
    parts.push(fileName === undefined ? { name, content } : { name, fileName, content })
  }
  return parts
}

const text = (value: string) => new TextEncoder().encode(value)

/** Contents that look like the boundary as long as they can. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom('\r', '\n', '\r\n', '\r\n-', '\r\n--', `\r\n--${BOUNDARY.slice(0, -1)}`, '--')
        .map(text),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => new Uint8Array(Buffer.concat(pieces)))
  // Whoever writes a form chooses a boundary that is not in it.
  .filter((bytes) => !Buffer.from(bytes).includes(`\r\n--${BOUNDARY}`))

const parts = fc.array(
  fc.record(
    {
      name: fc.stringMatching(/^[a-z ;=]{1,8}$/),
      fileName: fc.stringMatching(/^[a-z .;=]{1,8}$/),
      content,
    },
    { requiredKeys: ['name', 'content'] },
  ),
  { maxLength: 4 },
)
const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 })

describe('a form', () => {
  test('is read the same, however its bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(parts, sizes, async (expected, chunkSizes) => {
        expect(await read(formOf(expected), chunkSizes)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('is read the same when it is cut in two anywhere', async () => {
    const expected = [
      { name: 'a', content: text('\r\n--') },
      { name: 'file', fileName: 'x.apk', content: text(`bytes\r\n--${BOUNDARY.slice(0, 30)}`) },
    ]
    const bytes = formOf(expected)
    for (let at = 1; at < bytes.length; at++) {
      expect(await read(bytes, [at, bytes.length])).toEqual(expected)
    }
  })

  test('is refused wherever it is cut off', async () => {
    const bytes = formOf([{ name: 'file', fileName: 'x.apk', content: text('bytes') }])
    const closing = bytes.length - '\r\n'.length
    for (let end = 0; end < closing; end++) {
      expect([end, (await failure(() => read(bytes.subarray(0, end)))).code]).toEqual([
        end,
        'truncated',
      ])
    }
    expect(await read(bytes.subarray(0, closing))).toHaveLength(1)
  })

  test('fails with nothing but a FormatError, whatever one of its bytes is', async () => {
    const bytes = formOf([{ name: 'file', fileName: 'x.apk', content: text('bytes') }])
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), sizes, async (at, byte, chunks) => {
        const damaged = bytes.slice()
        damaged[at] = byte
        await read(damaged, chunks).catch((error: unknown) =>
          expect(error).toBeInstanceOf(FormatError),
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('skips what is left of a part, also after a loop over it that was left', async () => {
    const file = (name: string) => ({ name, fileName: name, content: text(name.repeat(300)) })
    const seen: string[] = []
    for await (const part of readFormParts(chunked(formOf([file('a'), file('b')]), 50), BOUNDARY)) {
      seen.push(part.name)
      for await (const _ of part.body) break
    }
    expect(seen).toEqual(['a', 'b'])
  })

  it.each([
    ['name="a"; filename="x.apk"', 'x.apk'],
    ['name=a; filename=x.apk', 'x.apk'],
    ['filename="a \\"b\\".apk"; name="a"', 'a "b".apk'],
    ['name="a"; filename="a %22b%22.apk"', 'a %22b%22.apk'],
    ['name="a"; filename="C:\\temp\\x.apk"', 'C:\\temp\\x.apk'],
    ['name="a"; filename="grüße.apk"', 'grüße.apk'],
    ['name="a"; filename=""', ''],
    ['name="a"', undefined],
  ])('with %s has the file name %s', async (parameters, fileName) => {
    const body = `--b\r\ncontent-type: x/y\r\ncontent-disposition: form-data; ${parameters}\r\n\r\n\r\n--b--`
    const [part] = await read(text(body), 65_536, 'b')
    expect([part?.name, part?.fileName]).toEqual(['a', fileName])
  })

  it.each([
    ['no headers', '--b\r\n\r\nx\r\n--b--', 'malformed', /lacks the header Content-Disposition/],
    ['no name', '--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--', 'malformed', /lacks/],
    [
      'another disposition',
      '--b\r\nContent-Disposition: attachment; name="a"\r\n\r\n',
      'malformed',
      /lacks/,
    ],
    [
      'a line that is no header',
      '--b\r\nnonsense\r\n\r\nx\r\n--b--',
      'malformed',
      /no header in "nonsense"/,
    ],
    ['headers that are not UTF-8', '--b\r\nA: \xff\r\n\r\nx\r\n--b--', 'malformed', /not UTF-8/],
    ['a longer boundary', '--bc\r\n\r\n', 'malformed', /goes on after/],
    [
      'long headers',
      `--b\r\nA: ${'a'.repeat(9000)}\r\n\r\nx\r\n--b--`,
      'too-large',
      /over 8192 bytes/,
    ],
    ['headers without end', `--b\r\nA: ${'a'.repeat(9000)}`, 'too-large', /over 8192 bytes/],
    ['no boundary in it', 'PK nothing of the kind', 'truncated', /before its closing boundary/],
  ] as const)('with %s is refused', async (_, body, code, message) => {
    const bytes = new Uint8Array(Buffer.from(body, 'latin1'))
    for (const size of [1, 65_536]) await expectRefusal(() => read(bytes, size, 'b'), code, message)
  })
})

describe('the Content-Type', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data; charset=utf-8; BOUNDARY="a b:c"', 'a b:c'],
    [`multipart/form-data; boundary=${'b'.repeat(70)}`, 'b'.repeat(70)],
  ])('%s has a boundary', (value, boundary) => {
    expect([isMultipart(value), parseBoundary(value)]).toEqual([true, boundary])
  })

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary="a "',
    'multipart/form-data; boundary="ü"',
    `multipart/form-data; boundary=${'b'.repeat(71)}`,
  ])('%s is refused', async (value) => {
    expect(isMultipart(value)).toBe(true)
    await expectRefusal(() => parseBoundary(value), 'malformed', /let the client write this header/)
  })

  it.each([null, '', 'application/x-www-form-urlencoded', 'multipart/form-database', 'text/plain'])(
    '%s is no form with files',
    (value) => {
      expect(isMultipart(value)).toBe(false)
    },
  )
})

it.each([
  [`filename*=UTF-8''x%C3%BC.bin`, 'xü.bin'],
  [`filename*=utf-8'de'a%20b`, 'a b'],
  [`filename="a"; filename*=UTF-8''b`, 'a'],
  [`filename*=ISO-8859-1''x%FC`, `ISO-8859-1''x%FC`],
  [`filename*=UTF-8''%FF`, `UTF-8''%FF`],
])('a part with %s is a file', async (parameters, fileName) => {
  const header = `Content-Disposition: form-data; name="file"; ${parameters}`
  const form = Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\n${header}\r\n\r\n`),
    new Uint8Array([255]),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ])
  const content = new Uint8Array([255])
  expect(await read(new Uint8Array(form))).toEqual([{ name: 'file', fileName, content }])
})
