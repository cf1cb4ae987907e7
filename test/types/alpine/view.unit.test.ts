import { describe, expect, it } from 'vitest'
import { propertiesOf } from '../../../src/types/alpine/format/properties.ts'
import { alpineView } from '../../../src/types/alpine/view.ts'

const ENTRY = {
  identity: 'Q1x',
  name: 'greet',
  version: '1-r0',
  fileSize: 10,
  installedSize: 4096,
  description: 'Greets',
  url: 'https://greet.example',
  license: 'MIT',
  origin: 'greet-source',
  buildTime: 1_700_000_000,
  depends: ['musl', '!rival', 'greet-data>=1'],
  provides: ['cmd:greet=1-r0'],
  installIf: ['docs', 'greet=1-r0'],
}

function fileOf(architecture: string, more: object = {}) {
  const metadata = JSON.stringify({ ...ENTRY, architecture, ...more })
  const names = { packageName: 'greet', version: '1-r0', name: 'greet-1-r0.apk' }
  return { ...names, architecture, repository: 'edge/main', metadata }
}

describe('what pages show of an Alpine package', () => {
  it('is what its entry says, by label', () => {
    const { summary, facts, relations, providedNames } = alpineView.describe([fileOf('x86_64')])
    expect(summary).toBe('Greets')
    expect(facts).toEqual([
      { label: 'Licence', values: [{ kind: 'text', text: 'MIT' }] },
      { label: 'Project', values: [{ kind: 'link', url: 'https://greet.example' }] },
      { label: 'Origin', values: [{ kind: 'package', name: 'greet-source' }] },
      { label: 'Built', values: [{ kind: 'time', at: 1_700_000_000_000 }] },
      { label: 'Installed size', values: [{ kind: 'bytes', size: 4096 }] },
    ])
    expect(relations).toEqual([
      {
        title: 'Depends on',
        entries: [
          { text: 'musl', name: 'musl' },
          { text: 'greet-data>=1', name: 'greet-data' },
        ],
      },
      { title: 'Conflicts with', entries: [{ text: 'rival', name: 'rival' }] },
      { title: 'Provides', entries: [{ text: 'cmd:greet=1-r0' }] },
      {
        title: 'Installed if all are there',
        entries: [
          { text: 'docs', name: 'docs' },
          { text: 'greet=1-r0', name: 'greet' },
        ],
      },
    ])
    expect(providedNames).toEqual(['greet', 'cmd:greet'])
  })

  it('is said once where files agree, and by architecture where they do not', () => {
    const { facts, relations } = alpineView.describe([
      fileOf('x86_64', { depends: ['musl', 'so:libc.musl-x86_64.so.1'] }),
      fileOf('aarch64', { depends: ['musl', 'so:libc.musl-aarch64.so.1'], installedSize: 5000 }),
    ])
    const valuesOf = (wanted: string) => facts.find(({ label }) => label === wanted)?.values
    expect(valuesOf('Licence')).toEqual([{ kind: 'text', text: 'MIT' }])
    expect(valuesOf('Installed size')).toEqual([
      { kind: 'bytes', size: 4096, architectures: ['x86_64'] },
      { kind: 'bytes', size: 5000, architectures: ['aarch64'] },
    ])
    expect(relations[0]?.entries).toEqual([
      { text: 'musl', name: 'musl' },
      {
        text: 'so:libc.musl-x86_64.so.1',
        name: 'so:libc.musl-x86_64.so.1',
        architectures: ['x86_64'],
      },
      {
        text: 'so:libc.musl-aarch64.so.1',
        name: 'so:libc.musl-aarch64.so.1',
        architectures: ['aarch64'],
      },
    ])
  })

  it('has the address under which apk would get the file', () => {
    expect(alpineView.filePath('acme', fileOf('x86_64'))).toBe(
      '/api/packages/acme/alpine/edge/main/x86_64/greet-1-r0.apk',
    )
  })
})

describe('what packages find each other by', () => {
  it('is each name once, without versions, conflicts and the own name', () => {
    const provides = ['cmd:greet=1-r0', 'greet=1-r0', 'so:libgreet.so.1=1']
    const depends = ['a>1', 'a<3', '!rival', '/bin/sh', 'so:x']
    expect(propertiesOf({ name: 'greet', origin: 'source', provides, depends })).toEqual([
      { name: 'alpine.origin', value: 'source' },
      { name: 'alpine.provides', value: 'cmd:greet' },
      { name: 'alpine.provides', value: 'so:libgreet.so.1' },
      { name: 'alpine.depends', value: 'a' },
      { name: 'alpine.depends', value: '/bin/sh' },
      { name: 'alpine.depends', value: 'so:x' },
    ])
  })

  it('is bounded by number and by bytes', () => {
    const many = Array.from({ length: 1000 }, (_, at) => `n${at}`)
    expect(propertiesOf({ name: 'greet', provides: many, depends: many })).toHaveLength(256)
    const long = many.map((name) => name.padEnd(256, 'x'))
    expect(propertiesOf({ name: 'greet', provides: long, depends: [] })).toHaveLength(16)
  })
})
