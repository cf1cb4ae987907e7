import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

// Imports point one way only. Each layer may import itself and those it names.
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  formats: [],
  db: [],
  core: ['formats', 'db'],
  env: ['core'],
  http: ['formats', 'core', 'env'],
  types: ['formats', 'core', 'env', 'http'],
  repository: ['formats', 'core', 'env', 'types'],
  api: ['formats', 'core', 'env', 'http', 'types', 'repository'],
  web: ['formats', 'core', 'env', 'http', 'types'],
  app: ['core', 'env', 'http', 'types', 'api', 'web'],
  scheduled: ['core', 'env'],
  index: ['app', 'scheduled', 'env', 'repository'],
}

/** What a pure module may take from outside: computation, no storage, no network, no clock of its own. */
const PURE_PACKAGES = ['node:buffer', 'node:crypto', 'node:zlib', 'fflate']

const SRC = 'src'
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .sort()

const layerOf = (path: string) => (path.split('/')[0] ?? '').replace(/\.tsx?$/, '')

/** The folder of a package type that the file belongs to. */
const typeOf = (path: string) => /^types\/([^/]+)\//.exec(path)?.[1]

function importsOf(path: string): string[] {
  const text = readFileSync(join(SRC, path), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '')
}

/** Imports of other modules of src, as paths within it. */
const internalOf = (path: string) =>
  importsOf(path)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => normalize(join(dirname(path), specifier)))
    .filter((target) => !target.startsWith('..'))

function faultsOf(path: string, targets: readonly string[]): string[] {
  const layer = layerOf(path)
  const allowed = LAYERS[layer]
  if (allowed === undefined) return [`${path} belongs to no layer`]
  return targets.flatMap((target) => {
    const to = layerOf(target)
    if (to !== layer && !allowed.includes(to)) return [`${path} imports ${target}`]
    const type = typeOf(path)
    const other = typeOf(target)
    return type !== undefined && other !== undefined && other !== type
      ? [`${path} imports ${target} of another package type`]
      : []
  })
}

describe('the layers', () => {
  it('cover every file, and each imports only what lies below it', () => {
    expect(files.length).toBeGreaterThan(40)
    expect(files.flatMap((path) => faultsOf(path, internalOf(path)))).toEqual([])
  })

  it('are enforced: a wrong import is found', () => {
    const wrong = [
      ['core/a.ts', 'http/b.ts'],
      ['http/a.ts', 'types/registration.ts'],
      ['formats/a.ts', 'core/errors.ts'],
      ['types/alpine/a.ts', 'types/debian/b.ts'],
      ['elsewhere/a.ts', 'core/errors.ts'],
    ] as const
    for (const [from, to] of wrong)
      expect([from, faultsOf(from, [to])]).toEqual([from, [expect.any(String)]])
    expect(faultsOf('types/alpine/a.ts', ['types/type.ts', 'core/errors.ts'])).toEqual([])
  })

  it('keep formats pure', () => {
    const pure = files.filter((path) => /^(formats|types\/[^/]+\/format)\//.test(path))
    expect(pure.length).toBeGreaterThan(10)
    const outside = pure.flatMap((path) =>
      importsOf(path)
        .filter((specifier) => !specifier.startsWith('.') && !PURE_PACKAGES.includes(specifier))
        .map((specifier) => `${path} imports ${specifier}`),
    )
    expect(outside).toEqual([])
    const beyond = pure.flatMap((path) =>
      internalOf(path)
        .filter((target) => !/^(formats|types\/[^/]+\/format)\//.test(target))
        .map((target) => `${path} imports ${target}`),
    )
    expect(beyond).toEqual([])
    const effects = pure.filter((path) =>
      /\b(fetch|Date\.now|setTimeout|console)\b\(?/.test(code(path)),
    )
    expect(effects).toEqual([])
  })

  it('name no package type outside of its folder but in its registration', () => {
    const types = new Set(files.map(typeOf).filter((type) => type !== undefined))
    expect([...types].sort()).toEqual(['alpine', 'generic'])
    const naming = files
      .filter((path) => typeOf(path) === undefined)
      .filter((path) =>
        [...types].some((type) => new RegExp(`\\b${type}\\b`, 'i').test(code(path))),
      )
    expect(naming).toEqual(['types/registration.ts'])
  })
})

/** The text without its comments, which may give examples. */
function code(path: string): string {
  return readFileSync(join(SRC, path), 'utf8').replace(
    /\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm,
    '',
  )
}
