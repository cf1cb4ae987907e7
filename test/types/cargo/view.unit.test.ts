import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../../src/types/cargo/format/manifest.ts'
import { formatStored } from '../../../src/types/cargo/format/stored-crate.ts'
import { cargoView } from '../../../src/types/cargo/view.ts'
import { type CrateSpec, formatManifest } from './builder.ts'

function describeCrate(spec: CrateSpec) {
  const manifest = parseManifest(new TextEncoder().encode(formatManifest(spec)))
  const dependencies = manifest.dependencies.map((each) => ({
    ...each,
    registry: each.name === 'far' ? 'https://example.com/' : null,
  }))
  const metadata = formatStored({ ...manifest, dependencies }, 'ab', 0)
  const names = { packageName: 'Hello_World', version: '1.0.0', name: 'Hello_World-1.0.0.crate' }
  return cargoView.describe([{ ...names, architecture: '', repository: null, metadata }])
}

describe('what pages show of a crate', () => {
  it('is what its manifest says, by label', () => {
    const { summary, facts, relations, providedNames } = describeCrate({
      ...{ links: 'z', rustVersion: '1.70', description: 'Greets\n\u001b[2J twice' },
      packageLines: [
        ...['license = "MIT"', 'authors = ["A <a@example.com>", "B"]', 'keywords = ["x", "y"]'],
        ...['repository = "https://example.com/r"', 'homepage = "javascript:alert(1)"'],
      ],
    })
    expect(summary).toBe('Greets [2J twice')
    expect(facts).toEqual([
      { label: 'Licence', values: [{ kind: 'text', text: 'MIT' }] },
      { label: 'Rust', values: [{ kind: 'text', text: '1.70' }] },
      { label: 'Edition', values: [{ kind: 'text', text: '2021' }] },
      // The pages show it as text: it is no address of the web.
      { label: 'Homepage', values: [{ kind: 'link', url: 'javascript:alert(1)' }] },
      { label: 'Repository', values: [{ kind: 'link', url: 'https://example.com/r' }] },
      { label: 'Authors', values: [{ kind: 'text', text: 'A <a@example.com>, B' }] },
      { label: 'Keywords', values: [{ kind: 'text', text: 'x, y' }] },
      { label: 'Links', values: [{ kind: 'code', text: 'z' }] },
    ])
    expect(relations).toEqual([])
    expect(providedNames).toEqual(['hello-world'])
  })

  it('has dependencies that lead to crates of this registry alone, and features', () => {
    const { relations } = describeCrate({
      dependencies: [
        { name: 'Near_by', req: '1', optional: true },
        { name: 'real', rename: 'other', target: 'cfg(unix)' },
        { name: 'far', kind: 'build' },
        { name: 'tested', kind: 'dev' },
      ],
      features: { default: ['new'], new: ['dep:Near_by'], none: [] },
    })
    expect(relations).toEqual([
      {
        title: 'Dependencies',
        entries: [
          { text: 'Near_by ^1 (optional)', name: 'near-by' },
          { text: 'real ^1 as other (cfg(unix))', name: 'real' },
        ],
      },
      { title: 'Build dependencies', entries: [{ text: 'far ^1' }] },
      { title: 'Development dependencies', entries: [{ text: 'tested ^1', name: 'tested' }] },
      {
        title: 'Features',
        entries: [{ text: 'none' }, { text: 'default = new' }, { text: 'new = dep:Near_by' }],
      },
    ])
  })

  it('is nothing of no file, and its file is the download', () => {
    expect(cargoView.describe([])).toMatchObject({ summary: '', facts: [] })
    const file = { packageName: 'Hello_World', version: '1.0.0+b', name: 'x' }
    const path = cargoView.filePath('acme', { ...file, architecture: '', repository: null })
    expect(path).toBe('/api/packages/acme/cargo/api/v1/crates/Hello_World/1.0.0+b/download')
  })
})
