import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { FormatError } from '../../../../src/formats/format-error.ts'
import {
  type JsonStreamRules,
  type JsonTreatment,
  readJsonStream,
} from '../../../../src/formats/text/json-stream.ts'
import { isJsonObject } from '../../../../src/formats/text/json-value.ts'
import { chunked, collect, expectRefusal } from '../streams.ts'

// The file is at files/*/data; of what is under notes nothing is kept.
const rules: JsonStreamRules = {
  what: 'the body',
  maxKept: 1_000_000,
  maxBrackets: 1000,
  maxDepth: 20,
  treat: (path) => {
    if (path[0] === 'notes') return 'skip'
    if (path[0] !== 'files') return 'keep'
    return (
      (['enter', 'enter', path[2] === 'data' ? 'decode' : 'keep'] as JsonTreatment[])[
        path.length - 1
      ] ?? 'keep'
    )
  },
}

async function read(
  text: string | Uint8Array,
  sizes: number | readonly number[] = 65_536,
  own: Partial<JsonStreamRules> = {},
) {
  const bytes = typeof text === 'string' ? new Uint8Array(Buffer.from(text)) : text
  let kept: unknown
  let taken = 0
  const file = await collect(
    readJsonStream(chunked(bytes, sizes), { ...rules, ...own }, (value) => {
      kept = value
      taken += 1
    }),
  )
  expect(taken).toBe(1)
  return { kept, file: Buffer.from(file) }
}

const withFile = (data: string) => `{"files":{"a":{"data":"${data}"}}}`

describe('a document with a file', () => {
  it('gives the bytes of the file, and everything else', async () => {
    const document = {
      name: 'x',
      files: {
        'x-1.tgz': { type: 'gz', data: Buffer.from('hello').toString('base64'), length: 5 },
      },
      after: [1, { data: 'kept' }],
    }
    for (const size of [1, 2, 3, 7, 65_536]) {
      const { kept, file } = await read(JSON.stringify(document), size)
      expect(file.toString()).toBe('hello')
      expect(kept).toEqual({
        ...document,
        files: { 'x-1.tgz': { type: 'gz', data: '', length: 5 } },
      })
    }
  })

  it('is read in any order of members, with blanks anywhere', async () => {
    const text = ' {\n"files" :\t{ "x" :\r{ "length":5 ,"data" : "aGVsbG8=" } } , "name":"x" } \n'
    for (const size of [1, 5, 65_536]) {
      const { kept, file } = await read(text, size)
      expect(file.toString()).toBe('hello')
      expect(kept).toEqual({ name: 'x', files: { x: { length: 5, data: '' } } })
    }
  })

  it('may have escapes in the base64 and in the names that lead there', async () => {
    const data = Buffer.from([0xff, 0xff, 0xff, 0xfb, 0xef, 0xbe]).toString('base64')
    expect(data).toMatch(/\//)
    for (const written of [
      data.replaceAll('/', '\\/'),
      data.replaceAll('/', '\\u002f'),
      data.replaceAll('/', '\\u002F'),
      data.replace(
        /./g,
        (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    ]) {
      for (const size of [1, 2, 3, 5, 65_536]) {
        const { file } = await read(`{"f\\u0069les":{"a":{"da\\u0074a":"${written}"}}}`, size)
        expect(file.toString('base64')).toBe(data)
      }
    }
  })

  it('may have an empty file, or none', async () => {
    expect((await read(withFile(''))).file).toHaveLength(0)
    expect((await read('{"files":{}}')).kept).toEqual({ files: {} })
  })

  it('leaves out what is skipped, however large', async () => {
    const notes = { a: [{ '}': ']' }, '"', '\\"', 'x'.repeat(100_000)], b: null }
    for (const value of [notes, [], 'a"b', 12, null, -1.5e3, true]) {
      for (const size of [1, 3, 65_536]) {
        const text = JSON.stringify({ notes: value, name: 'x', last: { notes: 1 } })
        const { kept } = await read(text, size, { maxKept: 60 })
        expect(kept).toEqual({ notes: null, name: 'x', last: { notes: 1 } })
      }
    }
    expect(
      (await read(JSON.stringify({ name: 'x', notes })).catch(String)) as object,
    ).toMatchObject({
      kept: { name: 'x', notes: null },
    })
  })

  it('keeps names that objects have of themselves', async () => {
    const text = '{"__proto__":{"x":1},"constructor":2,"files":{"__proto__":{"data":"aGk="}}}'
    const { kept, file } = await read(text)
    expect(file.toString()).toBe('hi')
    expect(isJsonObject(kept) && Object.keys(kept)).toEqual(['__proto__', 'constructor', 'files'])
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype)
  })

  it('is handed on as it comes, before the rest is there', async () => {
    const pieces: string[] = []
    const source = (async function* () {
      for (const text of ['{"files":{"a":{"data":"', 'aGVs', 'bG8h', 'bW9y', 'ZQ==', '"}}}']) {
        pieces.push('in')
        yield new Uint8Array(Buffer.from(text))
      }
    })()
    for await (const bytes of readJsonStream(source, rules, () => pieces.push('end'))) {
      pieces.push(Buffer.from(bytes).toString())
    }
    expect(pieces).toEqual(['in', 'in', 'in', 'hel', 'in', 'lo!', 'in', 'mor', 'in', 'e', 'end'])
  })
})

describe('refusals', () => {
  it('of base64 that is not strict', async () => {
    const wrong = [
      ...[
        'aGVsbG8',
        'aGVsbG8==',
        'aGVsbG9=',
        'aGVsbG8=\\n',
        'aGVs bG8=',
        'aGVs\\nbG8=',
        'aGV-bG8=',
      ],
      ...['aGV_bG8=', 'aGVsbG8=aGVs', 'aGk=aGk=', 'aGVsbG8é', 'aGVsbG8\\u0100', '=', '====', 'a'],
      ...[
        'aGVsbG8h\\"',
        '\\\\aGVs',
        'aGVs\\u00',
        'aGVs\\u00zz',
        '\\x',
        'aGVsbG8h\u0000AAA',
        '\u2028AAA',
      ],
    ]
    for (const data of wrong) {
      for (const size of [1, 3, 65_536]) {
        await expectRefusal(
          () => read(withFile(data), size),
          'malformed',
          /^the body's "files" \/ "a" \/ "data" is not base64: encode the file in standard base64/,
        )
      }
    }
  })

  it('of a second file, and of one that is no text', async () => {
    const second = '{"files":{"a":{"data":"aGk="},"b":{"data":"aGk="}}}'
    await expectRefusal(
      () => read(second),
      'malformed',
      /has a second file, .*"b" \/ "data": send one/,
    )
    const repeated = '{"files":{"a":{"data":"aGk=","data":"aGk="}}}'
    await expectRefusal(() => read(repeated), 'malformed', /has a second file/)
    for (const value of ['12', 'null', '{}', '["aGk="]', 'x']) {
      const text = `{"files":{"a":{"data":${value}}}}`
      await expectRefusal(
        () => read(text),
        'malformed',
        /"data" is no text: send the file in base64/,
      )
    }
  })

  it('of what is not JSON', async () => {
    const wrong = [
      ...[
        '',
        ' ',
        'x',
        '{]',
        '[}',
        '{"a":1]',
        '{"a"}',
        '{"a":}',
        '{a:1}',
        "{'a':1}",
        '{"a":1,}',
        '{}{}',
      ],
      ...[
        '{} x',
        '}',
        ']',
        '{"a":01}',
        '{"a":"\u0001"}',
        '{"a":"\\x"}',
        '{"\\x":1}',
        '\ufeff{}',
        '{"a":1}}',
      ],
      ...[
        '{"files":{"a":{"data":"aGk="}}',
        '{"files":{"a":{"data":"aGk="}}}x',
        '{"notes":1',
        '{"a":,"b":1}',
      ],
    ]
    for (const text of wrong) {
      for (const size of [1, 65_536]) {
        const error = await read(text, size).catch((error: unknown) => error)
        expect([text, error]).toEqual([text, expect.any(FormatError)])
        expect(String(error)).toMatch(
          /the body (is not JSON: send a JSON|ends inside its JSON: send it)/,
        )
      }
    }
    const bytes = new Uint8Array([...Buffer.from('{"a":"'), 0xff, ...Buffer.from('"}')])
    await expectRefusal(() => read(bytes), 'malformed', /is not UTF-8/)
  })

  it('of a document that is cut off anywhere', async () => {
    const whole = '{"name":"x","files":{"a":{"data":"aGVsbG8h","length":6}},"notes":[1]}'
    expect((await read(whole)).file.toString()).toBe('hello!')
    for (let end = 0; end < whole.length; end += 1) {
      await expect(read(whole.slice(0, end))).rejects.toThrow(FormatError)
    }
  })

  it('of more than is kept, before it is held', async () => {
    const counted = { bytes: 0 }
    const source = (async function* () {
      yield new Uint8Array(Buffer.from('{"a":"'))
      for (; counted.bytes < 50_000_000; counted.bytes += 65_536)
        yield new Uint8Array(65_536).fill(97)
    })()
    const reading = collect(readJsonStream(source, { ...rules, maxKept: 200_000 }, () => {}))
    await expectRefusal(
      () => reading,
      'too-large',
      /has more than 200000 bytes beside the file: shorten it/,
    )
    expect(counted.bytes).toBeLessThan(300_000)
  })

  it('of depth', async () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect((await read(`{"a":${nested(19)}}`)).kept).toEqual({ a: JSON.parse(nested(19)) })
    const message = /has more than 20 objects or lists within each other: flatten it/
    await expectRefusal(() => read(`{"a":${nested(20)}}`), 'too-large', message)
    await expectRefusal(() => read(`{"notes":${nested(20)}}`), 'too-large', message)
    await expectRefusal(() => read(`{"notes":${'{"a":'.repeat(5_000_000)}`), 'too-large', message)
  })

  it('of many objects and lists, unless they are skipped', async () => {
    const list = `[${'{},'.repeat(997)}{}]`
    expect((await read(`{"a":${list}}`)).kept).toHaveProperty('a.997')
    expect((await read(`{"notes":${list},"a":${list}}`)).kept).toHaveProperty('a.997')
    const message = /^the body has more than 1000 objects and lists: shorten it$/
    await expectRefusal(() => read(`{"a":${list},"b":[]}`), 'too-large', message)
  })

  it('as what gets the rest refuses it', async () => {
    const source = chunked(new Uint8Array(Buffer.from('{}')))
    const reading = collect(
      readJsonStream(source, rules, () => {
        throw new FormatError('invalid-field', 'no name: give it one')
      }),
    )
    await expectRefusal(() => reading, 'invalid-field', /no name/)
  })
})

const names = fc.oneof(
  fc.constantFrom('files', 'data', 'a', 'notes', '__proto__', '', '"', '\\', 'é', '😀', '\u2028'),
  fc.string({ unit: 'binary', maxLength: 6 }).map((name) => name.toWellFormed()),
)
const { value: values } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    fc.constantFrom(null, true, false, 0, -1.5, 1e300, '', '"', '\\', '{"a":[', 'aGk='),
    fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 4 }).map((all) => Object.fromEntries(all)),
  ),
}))

const documents = fc.record({
  content: fc.option(fc.uint8Array({ maxLength: 60 })),
  others: fc.array(fc.tuple(names, values), { maxLength: 4 }),
  ofFile: fc.array(fc.tuple(names, values), { maxLength: 3 }),
  indent: fc.constantFrom(undefined, 1, '\t'),
  sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
})

test('random documents, cut anywhere, are what JSON.parse says', async () => {
  const property = fc.asyncProperty(
    documents,
    async ({ content, others, ofFile, indent, sizes }) => {
      const own = (list: typeof others, ...reserved: string[]) =>
        list.filter(([name]) => !reserved.includes(name))
      const members = own(ofFile, 'data')
      const data =
        content === null ? [] : [['data', Buffer.from(content).toString('base64')] as const]
      const entry = Object.fromEntries([...members.slice(0, 1), ...data, ...members.slice(1)])
      const rest = own(others, 'files', 'notes')
      const whole = [...rest.slice(0, 2), ['files', { f: entry }] as const, ...rest.slice(2)]
      const text = JSON.stringify(Object.fromEntries(whole), null, indent)
      const { kept, file } = await read(text, sizes)
      const parsed = JSON.parse(text)
      if (content !== null) parsed.files.f.data = ''
      expect(JSON.stringify(kept)).toBe(JSON.stringify(parsed))
      expect(new Uint8Array(file)).toEqual(content ?? new Uint8Array())
    },
  )
  await fc.assert(property, { numRuns: 4000 })
})

test('random bytes are refused in one line where JSON.parse fails, and else are what it says', async () => {
  const piece = fc.oneof(
    fc.constantFrom(...'{}[]:,"\\ \n'),
    fc.constantFrom('"files"', '"a"', '"data"', '"notes"', '"aGk="', 'null', '1', '"\\u0', '"\\"'),
    fc.constantFrom('{"files":{"a":{"data":"', '{"notes":', '{"files":{"a":{'),
  )
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 })
  const counts = { taken: 0 }
  const property = fc.asyncProperty(
    fc.array(piece, { maxLength: 12 }),
    sizes,
    async (pieces, split) => {
      const text = pieces.join('')
      // Of what is skipped it is not asked whether it is JSON.
      const treat: JsonStreamRules['treat'] = (path) =>
        path[0] === 'notes' ? 'keep' : rules.treat(path)
      const result = await read(text, split, { treat }).catch((error: unknown) => error)
      if (result instanceof FormatError) {
        expect(result.message).toMatch(/^\P{Cc}{10,200}$/u)
        return
      }
      counts.taken += 1
      expect(() => JSON.parse(text)).not.toThrow()
    },
  )
  await fc.assert(property, { numRuns: 4000 })
  expect(counts.taken).toBeGreaterThan(5)
})
