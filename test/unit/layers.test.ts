import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { getTableName, is, Table } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import * as schema from '../../src/db/schema.ts'
import { packageTypes } from '../../src/types/registration.ts'

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
const PURE_PACKAGES = ['node:buffer', 'node:crypto', 'node:zlib', 'fflate', 'smol-toml']

/** The files that the folder of a package type may have, each left out if it would be empty. */
const TYPE_FILES = [
  ...['type', 'names', 'dialect', 'publish', 'download', 'remove', 'documents', 'marks'],
  ...['tags', 'indexing', 'keys', 'setup', 'search', 'account', 'claims', 'view', 'usage'],
].map((name) => `${name}.ts`)
const TYPE_FOLDERS = ['format', 'usage']

const SRC = 'src'
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .sort()

const types = packageTypes.map(({ type }) => type)
const tables = Object.values(schema).flatMap((each) => (is(each, Table) ? getTableName(each) : []))

const layerOf = (path: string) => (path.split('/')[0] ?? '').replace(/\.tsx?$/, '')

/** The folder of a package type that the file belongs to. */
const typeOf = (path: string) => /^types\/([^/]+)\//.exec(path)?.[1]

const read = (path: string) => readFileSync(join(SRC, path), 'utf8')

/** The text without its comments, which may give examples. */
const codeOf = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, '')

function specifiersIn(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '')
}

/** Imports of other modules of src, as paths within it. */
const internalOf = (path: string) =>
  specifiersIn(read(path))
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

/** The files from which imports lead back to where they began, each circle once. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' -> '))
    if (done.has(path) || way.includes(path)) return
    for (const target of imports.get(path) ?? []) visit(target, [...way, path])
    done.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
  return circles
}

/**
 * The registered types that a text names: as a quoted value, as a segment of a quoted path, before the dot of
 * a quoted name (`npm.tag`), or in what it imports. A word such as that of `npm start` names none.
 */
function typesNamedIn(text: string, known: readonly string[]): string[] {
  const code = codeOf(text)
  return known.filter((type) =>
    [...code.matchAll(/'[^'\n]*'|"[^"\n]*"|`[^`]*`/g)].some(([literal]) =>
      new RegExp(`^(?:.*/)?${type}(?:[/.].*)?$`, 's').test(literal.slice(1, -1)),
    ),
  )
}

/** The tables that a text has SQL against. */
function tablesIn(text: string, known: readonly string[]): string[] {
  const code = codeOf(text)
  return known.filter((table) =>
    new RegExp(`\\b(?:from|join|into|update)\\s+"?${table}\\b`, 'i').test(code),
  )
}

function unknownFilesIn(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const [folder, file] = path.split('/').slice(2)
    if (file === undefined) return !TYPE_FILES.includes(folder ?? '')
    return !TYPE_FOLDERS.includes(folder ?? '')
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
      ['types/type.ts', 'repository/object.ts'],
      ['formats/a.ts', 'core/errors.ts'],
      ['types/alpine/a.ts', 'types/debian/b.ts'],
      ['elsewhere/a.ts', 'core/errors.ts'],
    ] as const
    for (const [from, to] of wrong)
      expect([from, faultsOf(from, [to])]).toEqual([from, [expect.any(String)]])
    expect(faultsOf('types/alpine/a.ts', ['types/type.ts', 'core/errors.ts'])).toEqual([])
  })

  it('have no circles between files', () => {
    expect(circlesIn(new Map(files.map((path) => [path, internalOf(path)])))).toEqual([])
    const circular = { a: ['b'], b: ['c', 'd'], c: ['b'], d: [] }
    expect(circlesIn(new Map(Object.entries(circular)))).toEqual(['b -> c -> b'])
  })

  it('keep formats pure', () => {
    const pure = files.filter((path) => /^(formats|types\/[^/]+\/format)\//.test(path))
    expect(pure.length).toBeGreaterThan(10)
    const outside = pure.flatMap((path) =>
      specifiersIn(read(path))
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
      /\b(fetch|Date\.now|setTimeout|console)\b\(?/.test(codeOf(read(path))),
    )
    expect(effects).toEqual([])
  })
})

describe('a package type', () => {
  const ofTypes = files.filter((path) => typeOf(path) !== undefined)

  it('is a folder of the name that it is registered by', () => {
    const folders = [...new Set(ofTypes.map(typeOf))].sort()
    const begun = folders.filter((type) => !files.includes(`types/${type}/type.ts`))
    expect(folders.filter((type) => !begun.includes(type))).toEqual([...types].sort())
    expect([...types].sort()).toEqual(types)
    // What a type begins with, since nothing can call it yet.
    const early = ofTypes.filter((path) => begun.includes(typeOf(path)))
    expect(early.filter((path) => !/^types\/[^/]+\/format\//.test(path))).toEqual([])
  })

  it('has files of the fixed names alone', () => {
    expect(unknownFilesIn(ofTypes)).toEqual([])
    const wrong = ['types/x/files.ts', 'types/x/api/a.ts']
    expect(unknownFilesIn([...wrong, 'types/x/format/a.ts', 'types/x/type.ts'])).toEqual(wrong)
  })

  it('has a file that tests its faults', () => {
    const calls = types.map((type) => [
      type,
      readFileSync(`test/types/${type}/faults.worker.test.ts`, 'utf8').includes(
        `describeFaultsOf('${type}')`,
      ),
    ])
    expect(calls).toEqual(types.map((type) => [type, true]))
  })

  it('is named nowhere but in its folder, in the registration and where an entry has no type', () => {
    const naming = files.filter(
      (path) => typeOf(path) === undefined && typesNamedIn(read(path), types).length > 0,
    )
    // Tokens of before entries had types mean two types: the list is history and does not grow.
    expect(naming).toEqual(['core/access/restriction.ts', 'types/registration.ts'])
    const named = ["f('npm')", 'f("npm.tag")', 'f(`/api/:owner/npm/x`)', "from './npm/type.ts'"]
    for (const text of named) expect([text, typesNamedIn(text, ['npm'])]).toEqual([text, ['npm']])
    for (const text of ["f('run npm start')", '// npm', "f('.npmrc')", 'npm.run()'])
      expect([text, typesNamedIn(text, ['npm'])]).toEqual([text, []])
  })

  it('asks the database by queries of core alone', () => {
    const asking = ofTypes.filter((path) => {
      const imports = internalOf(path).some((target) => target.startsWith('core/database'))
      return imports || /\.prepare\(|\.batch\(/.test(codeOf(read(path)))
    })
    expect(asking).toEqual([])
  })

  it('holds no SQL against tables', () => {
    expect(tables).toContain('package_file')
    expect(ofTypes.filter((path) => tablesIn(read(path), tables).length > 0)).toEqual([])
    expect(tablesIn('`SELECT 1 FROM package p\nJOIN package_file f`', tables).sort()).toEqual([
      'package',
      'package_file',
    ])
  })
})
