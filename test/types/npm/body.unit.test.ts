import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { MAX_KEPT, readBody } from '../../../src/types/npm/format/body.ts'
import { parseDeprecations } from '../../../src/types/npm/format/deprecations.ts'
import { chunked, collect, expectRefusal } from '../../unit/formats/streams.ts'
import { buildBody, buildTarball } from './builder.ts'

async function read(body: unknown, size = 65_536) {
  const bytes = new Uint8Array(Buffer.from(JSON.stringify(body)))
  const found: { kept?: unknown } = {}
  const file = await collect(
    readBody(chunked(bytes, size), (kept) => {
      found.kept = kept
    }),
  )
  return { file, kept: found.kept }
}

describe('the body of a publish', () => {
  it('is the tarball, and what is known of it', async () => {
    const { _attachments, ...rest } = buildBody({
      members: { keywords: ['a'], custom: { b: [1] } },
    })
    const text = { readme: '# Hi', readmeFilename: 'readme.md' }
    for (const size of [1, 7, 65_536]) {
      const { file, kept } = await read(
        { _attachments, ...rest, ...text, users: { me: true } },
        size,
      )
      expect(file).toEqual(buildTarball({ members: { keywords: ['a'], custom: { b: [1] } } }))
      expect(kept).toMatchObject({ name: rest.name, versions: rest.versions, ...text, users: null })
      expect(kept).toMatchObject({
        _attachments: { 'hello-world-1.0.0.tgz': { data: '', length: file.length } },
      })
    }
  })

  it('is not decoded where it is a statement of provenance', async () => {
    const body = buildBody()
    const attachments = {
      'a.sigstore': { data: '{"mediaType":1}' },
      ...(body._attachments as object),
    }
    const { file, kept } = await read({ ...body, _attachments: attachments })
    expect(file).toEqual(buildTarball())
    expect(kept).toMatchObject({ _attachments: { 'a.sigstore': { data: null } } })
  })
})

const manifest = (version: string, further: object = {}) => ({
  name: 'hello-world',
  version,
  description: 'x'.repeat(3000),
  dist: { integrity: 'sha512-…' },
  ...further,
})

describe('the body of a deprecation', () => {
  it('keeps what is said of each version and not the rest', async () => {
    const versions = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [
        `1.0.${index}`,
        manifest(`1.0.${index}`, index % 2 === 0 ? { deprecated: `use ${index}` } : {}),
      ]),
    )
    const document = { _id: 'hello-world', _rev: 'r1', name: 'hello-world', versions, time: {} }
    expect(JSON.stringify(document).length).toBeGreaterThan(3 * MAX_KEPT)
    const { file, kept } = await read(document)
    expect(file).toHaveLength(0)
    const { revision, texts } = parseDeprecations(kept, 'hello-world')
    expect(revision).toBe('r1')
    expect(texts.size).toBe(2500)
    expect([texts.get('1.0.0'), texts.get('1.0.1'), texts.get('1.0.4998')]).toEqual([
      'use 0',
      undefined,
      'use 4998',
    ])
  })

  it('takes a deprecation away by an empty text, and says nothing by none', () => {
    const versions = {
      '1.0.0': manifest('1.0.0', { deprecated: '' }),
      '2.0.0': manifest('2.0.0'),
      '3.0.0': manifest('3.0.0', { deprecated: false }),
      '4.0.0': manifest('4.0.0', { deprecated: 'two\nlines' }),
    }
    const { texts } = parseDeprecations({ name: 'hello-world', versions }, 'hello-world')
    expect([...texts]).toEqual([
      ['1.0.0', ''],
      ['4.0.0', 'two\nlines'],
    ])
  })

  it.each([
    [[], /the body is a list: send the document/],
    [{ name: 'other', versions: {} }, /the body's name is "other": make them the same/],
    [{ versions: {} }, /the body's name is nothing/],
    [
      { name: 'hello-world' },
      /versions is nothing: send a version with its tarball, or all versions/,
    ],
    [{ _id: 'hello-world', users: { me: true } }, /versions is nothing: send a version/],
    [{ name: 'hello-world', versions: [] }, /versions is a list/],
    ...[{}, { '1.0.0': {} }, { '1.0.0': { deprecated: false } }].map((versions) => [
      { name: 'hello-world', versions },
      /^the body has no tarball, and no version in it has a text in deprecated: send a version/,
    ]),
    [{ name: 'hello-world', versions: { '1.0.0': 1 } }, /versions \/ "1.0.0" is a number/],
    ...[1, true, {}, []].map((deprecated) => [
      { name: 'hello-world', versions: { '1.0.0': { deprecated } } },
      /deprecated of "1.0.0" is an? \w+: write a text/,
    ]),
    [
      { name: 'hello-world', versions: { a: { deprecated: 'x'.repeat(4097) } } },
      /longer than 4096 bytes/,
    ],
    [
      { name: 'hello-world', versions: { a: { deprecated: '\u001b[2J' } } },
      /has the character U\+001B: leave it/,
    ],
  ] as [unknown, RegExp][])('is not %j', async (kept, message) => {
    await expectRefusal(() => parseDeprecations(kept, 'hello-world'), 'invalid-field', message)
  })
})
