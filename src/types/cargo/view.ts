// What pages show of a crate: what its Cargo.toml says, and the dependencies that its line of the index has.
import type {
  PackageDescription,
  PackageView,
  Relation,
  RelationEntry,
  ViewedFile,
  ViewFact,
  ViewValue,
} from '../view.ts'
import { foldCrateName } from './format/name.ts'
import { type ReadLine, readLine, readStored, type StoredCrate } from './format/stored-crate.ts'
import { YANKED } from './marks.ts'
import { cratePath, LINKS } from './names.ts'

export const cargoView: PackageView = {
  title: 'Cargo',
  contents: true,
  links: LINKS,
  marks: {
    [YANKED]: { label: 'Yanked: cargo takes it only where a lock file has it', isFlag: true },
  },
  describe,
  filePath: (owner, { packageName, version }) => cratePath(owner, packageName, version),
}

/** A version has one file. */
function describe([file]: readonly ViewedFile[]): PackageDescription {
  if (file === undefined) return { summary: '', facts: [], relations: [], providedNames: [] }
  const stored = readStored(file.metadata)
  const line = readLine(stored)
  return {
    summary: stored.description ?? '',
    facts: factsOf(stored, line),
    relations: relationsOf(line),
    providedNames: [foldCrateName(file.packageName)],
  }
}

function factsOf(stored: StoredCrate, line: ReadLine): readonly ViewFact[] {
  const text = (label: string, value: string | null | undefined): ViewFact => ({
    label,
    values: value ? [{ kind: 'text', text: value }] : [],
  })
  const link = (label: string, url: string | undefined): ViewFact => ({
    label,
    values: url ? [{ kind: 'link', url }] : [],
  })
  const code = (label: string, values: readonly string[]): ViewFact => ({
    label,
    values: values.map((each): ViewValue => ({ kind: 'code', text: each })),
  })
  const facts = [
    text('Licence', stored.license ?? stored.licenseFile),
    text('Rust', line.rust_version),
    text('Edition', stored.edition),
    link('Homepage', stored.homepage),
    link('Repository', stored.repository),
    link('Documentation', stored.documentation),
    text('Authors', stored.authors.join(', ')),
    text('Keywords', stored.keywords.join(', ')),
    text('Categories', stored.categories.join(', ')),
    code('Links', line.links === null ? [] : [line.links]),
  ]
  return facts.filter(({ values }) => values.length > 0)
}

const KINDS = [
  ['Dependencies', 'normal'],
  ['Build dependencies', 'build'],
  ['Development dependencies', 'dev'],
] as const

function relationsOf(line: ReadLine): readonly Relation[] {
  const dependencies = KINDS.map(([title, kind]): Relation => {
    return { title, entries: line.deps.filter((each) => each.kind === kind).map(entryOf) }
  })
  const features = Object.entries({ ...line.features, ...line.features2 })
  const entries = features.map(([name, values]): RelationEntry => {
    return { text: values.length === 0 ? name : `${name} = ${values.join(', ')}` }
  })
  return [...dependencies, { title: 'Features', entries }].filter((each) => each.entries.length > 0)
}

/** Of another registry a name means another crate, to which nothing here leads. */
function entryOf(dependency: ReadLine['deps'][number]): RelationEntry {
  const { name, req, optional, target, registry } = dependency
  const real = dependency.package ?? name
  const renamed = real === name ? '' : ` as ${name}`
  const notes = [...(optional ? ['optional'] : []), ...(target === null ? [] : [target])]
  const text = `${real} ${req}${renamed}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`
  return registry === null ? { text, name: foldCrateName(real) } : { text }
}
