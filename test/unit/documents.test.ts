import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { apiEndpoints } from '../../src/api/endpoints.ts'
import { packageTypes } from '../../src/types/registration.ts'
import type { PackageType } from '../../src/types/type.ts'
import { readBlocks, readLinks, readMentions } from '../support/start/blocks.ts'

// What the documents name is there: scripts, files of the project, pages and sections.
const documents = ['.', 'docs', 'docs/types']
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  .filter((path) => path.endsWith('.md'))
  .sort()

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))

const files = ['src', 'scripts', 'test', 'bench', '.ci'].flatMap((folder) =>
  readdirSync(folder, { recursive: true }).map((file) => `/${folder}/${file}`),
)

/** What npm does itself. */
const NPM_COMMANDS = [
  'ci',
  'deprecate',
  'dist',
  'install',
  'login',
  'logout',
  'publish',
  'unpublish',
]

function unknownIn(markdown: string): string[] {
  const mentions = readMentions(markdown)
  return [
    ...mentions.scripts.filter((name) => !(name in scripts) && !NPM_COMMANDS.includes(name)),
    ...mentions.files.filter((name) => !files.some((file) => file.endsWith(`/${name}`))),
  ]
}

function deadLinksIn(path: string, markdown: string): string[] {
  return readLinks(markdown).filter((link) => {
    const [file = '', section] = link.split('#')
    const target = join(dirname(path), file)
    if (!existsSync(target)) return true
    if (section === undefined) return false
    return !sectionsOf(file === '' ? markdown : readFileSync(target, 'utf8')).includes(section)
  })
}

/** As the forges make addresses of headings. */
function sectionsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

describe('the documents', () => {
  it.each(documents)('%s names scripts and files that there are', (path) => {
    expect(unknownIn(readFileSync(path, 'utf8'))).toEqual([])
  })

  it.each(documents)('%s has links that lead somewhere', (path) => {
    expect(deadLinksIn(path, readFileSync(path, 'utf8'))).toEqual([])
  })

  it('are read: what is not there is found', () => {
    const names =
      '`npm run nothing`, `src/app.ts`, `none/app.ts`, a new `b.ts`, `src/http/`, `src/none`'
    expect(unknownIn(names)).toEqual(['nothing', 'none/app.ts', 'src/none'])
    const text = '# A name, a place\n[a](#a-name-a-place) [b](#b) [c](docs/api.md) [d](docs/d.md)'
    expect(deadLinksIn('README.md', text)).toEqual(['#b', 'docs/d.md'])
  })
})

describe('the glossary', () => {
  const [words = '', planned = ''] = readFileSync('docs/glossary.md', 'utf8').split('\n## ')
  const termsOf = (list: string) =>
    [...list.matchAll(/^- \*\*(.+?)\*\*: /gm)].map(([, term]) => term)

  it('explains each word once, in alphabetical order', () => {
    expect(termsOf(words).length).toBeGreaterThan(30)
    for (const terms of [termsOf(words), termsOf(planned)]) {
      expect(terms).toEqual([...new Set(terms)].sort())
    }
    expect(termsOf(words).filter((term) => termsOf(planned).includes(term))).toEqual([])
  })

  it('names tables and columns that there are', () => {
    const schema = readFileSync('src/db/schema.ts', 'utf8')
    const names = [...words.replaceAll('\n ', '').matchAll(/(?:[Tt]able|Column|of) `([a-z_]+)`/g)]
    expect(names.length).toBeGreaterThan(15)
    expect(names.map(([, name]) => name).filter((name) => !schema.includes(`'${name}'`))).toEqual(
      [],
    )
  })
})

/** The paths of a repository are listed once for all types: `repositories/{type}/{repository path}`. */
function foldRepository(path: string): string {
  const paths = packageTypes.flatMap(({ type, repositories }: PackageType) =>
    repositories === undefined ? [] : `/repositories/${type}/${repositories.path}`,
  )
  const found = paths.find((each) => path.includes(each))
  return found === undefined ? path : path.replace(found, '/repositories/{type}/{repository path}')
}

describe('blocks of code', () => {
  it.each(documents)('of %s say by which test they are run, or why by none', (path) => {
    const markdown = readFileSync(path, 'utf8')
    const blocks = readBlocks(markdown)
    expect(blocks.length * 2).toBe(markdown.match(/^ *```/gm)?.length ?? 0)
    expect(blocks.filter(({ mark }) => !mark).map(({ line, code }) => `${line}: ${code}`)).toEqual(
      [],
    )
  })
})

describe('the pages of package types', () => {
  const headingsOf = (markdown: string) =>
    [...markdown.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)

  it.each(packageTypes.map(({ type }) => type))('%s has its page, under fixed headings', (type) => {
    const headings = headingsOf(readFileSync(`docs/types/${type}.md`, 'utf8'))
    expect(headings.filter((heading) => heading !== 'Troubleshooting')).toEqual([
      'Set up',
      'Publish',
      'Install',
      'Private owners',
      'Remove',
      'Calls',
      'What is refused',
      'Limits',
      'Differences from Forgejo',
      'How it is tested',
    ])
  })
})

describe('the README', () => {
  it('is short', () => {
    expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThanOrEqual(150)
  })
})

describe('docs/api.md', () => {
  it('lists every call of the API with its access, one row for all types', () => {
    const page = readFileSync('docs/api.md', 'utf8')
    const listed = page.split('\n').flatMap((line) => {
      const [, calls = '', access = ''] =
        /^\| (`(?:GET|PUT|POST|DELETE) .*?) \| ([\w ]+) \|/.exec(line) ?? []
      const named = [...calls.matchAll(/`([A-Z]+ \/api\/[^`]+)`/g)]
      return named.map(([, call]) => `${call} ${access.replace(' ', '-')}`)
    })
    const calls = apiEndpoints.map(
      ({ method, path, access }) =>
        `${method} ${foldRepository(path).replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')} ${access}`,
    )
    expect(calls.length).toBeGreaterThan(20)
    expect(calls.filter((call) => !listed.includes(call))).toEqual([])
    // A page, and so none of the API's endpoints.
    expect(listed.filter((call) => !calls.includes(call))).toEqual(['GET /api/v1/docs open'])
    expect(new Set(listed).size).toBe(listed.length)
  })
})
