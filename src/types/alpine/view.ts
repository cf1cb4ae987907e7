// What pages show of an Alpine package: what its index entries say. The files of a version (by
// architecture and repository) mostly say the same; where they differ, each is shown once.
import type {
  PackageDescription,
  PackageView,
  Relation,
  ViewedFile,
  ViewFact,
  ViewValue,
} from '../view.ts'
import type { IndexEntry } from './format/apkindex.ts'
import { parseDependency } from './format/dependency.ts'
import { DEPENDS, namesOf, PROVIDES } from './format/properties.ts'
import { TYPE } from './names.ts'

export const alpineView: PackageView = {
  title: 'Alpine',
  contents: true,
  describe,
  filePath: (owner, { repository, architecture, name }) =>
    `${rootOf(owner)}/${repository}/${architecture}/${encodeURIComponent(name)}`,
  links: { provides: PROVIDES, requires: DEPENDS },
  repository: {
    indexPath: (owner, repository, path) => `${rootOf(owner)}/${repository}/${path}`,
    keyPath: (owner, keyFile) => `${rootOf(owner)}/${keyFile}`,
  },
}

function rootOf(owner: string): string {
  return `/api/packages/${owner}/${TYPE}`
}

interface ReadFile {
  readonly architecture: string
  readonly entry: IndexEntry
}

function describe(files: readonly ViewedFile[]): PackageDescription {
  // A file's metadata is its index entry, as the publish wrote it.
  const read = files.map(({ architecture, metadata }) => {
    return { architecture, entry: JSON.parse(metadata) as IndexEntry }
  })
  const names = read.flatMap(({ entry }) => [entry.name, ...namesOf(entry.provides)])
  return {
    summary: read.find(({ entry }) => entry.description !== '')?.entry.description ?? '',
    facts: factsOf(read).filter(({ values }) => values.length > 0),
    relations: relationsOf(read).filter(({ entries }) => entries.length > 0),
    providedNames: [...new Set(names)],
  }
}

function factsOf(files: readonly ReadFile[]): ViewFact[] {
  const fact = <T>(
    label: string,
    field: (entry: IndexEntry) => T | undefined,
    show: (value: T) => ViewValue,
  ): ViewFact => {
    const found = byArchitecture(files, (entry) => [field(entry)])
    const values = found.flatMap(({ item, only }) => (item ? [{ ...show(item), ...only }] : []))
    return { label, values }
  }
  const text = (value: string): ViewValue => ({ kind: 'text', text: value })
  const code = (value: string): ViewValue => ({ kind: 'code', text: value })
  return [
    fact('Licence', ({ license }) => license, text),
    fact(
      'Project',
      ({ url }) => url,
      (url) => ({ kind: 'link', url }),
    ),
    fact('Maintainer', ({ maintainer }) => maintainer, text),
    fact(
      'Origin',
      ({ origin }) => origin,
      (name) => ({ kind: 'package', name }),
    ),
    fact('Commit', ({ commit }) => commit, code),
    fact(
      'Built',
      ({ buildTime }) => buildTime,
      (seconds) => ({ kind: 'time', at: seconds * 1000 }),
    ),
    fact(
      'Installed size',
      ({ installedSize }) => installedSize,
      (size) => ({ kind: 'bytes', size }),
    ),
    fact(
      'Provider priority',
      ({ providerPriority }) => providerPriority,
      (priority) => text(String(priority)),
    ),
  ]
}

function relationsOf(files: readonly ReadFile[]): Relation[] {
  return [
    relation('Depends on', files, ({ depends }) => depends.filter((item) => item[0] !== '!')),
    relation('Conflicts with', files, ({ depends }) => depends.filter((item) => item[0] === '!')),
    relation('Provides', files, ({ provides }) => provides),
    relation('Installed if all are there', files, ({ installIf }) => installIf),
  ]
}

/** The items of all files, each once, with the architectures of those that not every one has. */
function byArchitecture<T>(files: readonly ReadFile[], list: (entry: IndexEntry) => readonly T[]) {
  const found = new Map<T, Set<string>>()
  for (const { architecture, entry } of files) {
    for (const item of list(entry)) {
      found.set(item, (found.get(item) ?? new Set()).add(architecture))
    }
  }
  const all = new Set(files.map(({ architecture }) => architecture)).size
  return [...found].map(([item, architectures]) => {
    return { item, only: architectures.size < all ? { architectures: [...architectures] } : {} }
  })
}

function relation(
  title: string,
  files: readonly ReadFile[],
  list: (entry: IndexEntry) => readonly string[],
): Relation {
  const entries = byArchitecture(files, list).map(({ item, only }) => {
    const { name, conflict } = parseDependency(item)
    const text = conflict ? item.slice(1) : item
    // A package that provides something has no need to be found by it.
    return { text, ...(title === 'Provides' ? {} : { name }), ...only }
  })
  return { title, entries }
}
