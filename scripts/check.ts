// `npm run check -- [--repair] [OWNER/REPOSITORY]`: asks a running registry to verify everything that it
// has, or one repository: database and bucket, index files, rows, and objects by their digests. Prints the
// problems and ends with 1 if it found any. With --repair it first has the registry make again what follows
// from other data: index files and lists of contents. It also removes rows to which nothing belongs. A package's
// bytes cannot be made again.
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { reportFailure } from './failure.ts'
import { answerHelp, WHICH_REGISTRY } from './help.ts'
import { openRegistry, type Registry } from './registry.ts'

interface Problem {
  subject: string
  problem: string
}

interface RepositoryPage {
  revision: number
  changed_meanwhile: boolean
  indexes_checked: number
  files_checked: number
  problems: Problem[]
  next: string | null
}

interface DeploymentPage {
  files_checked: number
  problems: Problem[]
  next: string | null
}

interface RepairedLists {
  lists_made: number
  next: string | null
}

interface Repository {
  name: string
  /** The address of the repository in the API. */
  url: string
}

interface Found {
  indexes: number
  files: number
  problems: Problem[]
}

/** How often a check runs if commits during it made its result useless. */
const tries = 5
const outages = 4
const deployment = '/api/v1/deployment/check'

async function checkAll(registry: Registry, repair: boolean): Promise<Problem[]> {
  const unhealthy = await checkHealth(registry)
  const rows = await checkRows(registry)
  const all = [...unhealthy]
  if (repair && rows.problems.length > 0) {
    print(rows.problems)
    const { rows_changed } = await registry.ask<{ rows_changed: number }>(deployment, {
      method: 'POST',
    })
    console.log(`repaired ${rows_changed} rows`)
    await repairLists(registry, rows.problems)
    all.push(...(await checkRows(registry)).problems)
  } else all.push(...rows.problems)
  print(all)
  console.log(`${counted(rows.files, 'file')} in no repository, and rows: ${verdictOf(all)}`)
  for (const owner of await listAll<{ name: string }>(registry, '/api/v1/owners')) {
    for (const repository of await listRepositories(registry, owner.name)) {
      all.push(...(await checkRepository(registry, owner.name, repository, repair)))
    }
  }
  return all
}

/** How long the Worker repeats an earlier result of its health check, in milliseconds. */
const rememberedMs = 3500

/**
 * Checks every part that a request needs. The text of a failing part says how to repair it. A failure is asked for
 * twice, so that one that was repaired a moment ago does not count.
 */
async function checkHealth(registry: Registry): Promise<Problem[]> {
  const found = await askHealth(registry)
  if (found.length === 0) return found
  await setTimeout(rememberedMs)
  return askHealth(registry)
}

async function askHealth(registry: Registry): Promise<Problem[]> {
  const response = await fetch(`${registry.url}/api/healthz`)
  const { checks }: { checks: Record<string, string> } = JSON.parse(await response.text())
  return Object.entries(checks).flatMap(([subject, problem]) =>
    problem === 'pass' ? [] : [{ subject, problem }],
  )
}

async function checkRows(registry: Registry): Promise<Found> {
  const found: Found = { indexes: 0, files: 0, problems: [] }
  for (let after: string | null = ''; after !== null; ) {
    const query: string = `?after=${encodeURIComponent(after)}`
    const page: DeploymentPage = await registry.ask(deployment + query, { tries: outages })
    found.files += page.files_checked
    found.problems.push(...page.problems)
    after = page.next
  }
  return found
}

/** If one list is damaged, has all damaged and missing lists made again from the packages' stored bytes. */
async function repairLists(registry: Registry, problems: readonly Problem[]): Promise<void> {
  if (!problems.some(({ problem }) => problem.startsWith('damaged list'))) return
  let made = 0
  for (let after: string | null = ''; after !== null; ) {
    const path: string = `${deployment}/lists?after=${encodeURIComponent(after)}`
    const page: RepairedLists = await registry.ask(path, { method: 'POST', tries: outages })
    made += page.lists_made
    after = page.next
  }
  console.log(`made ${made} lists of what packages hold anew`)
}

function listRepositories(registry: Registry, owner: string): Promise<Repository[]> {
  return listAll(registry, `/api/v1/owners/${encodeURIComponent(owner)}/repositories`)
}

async function listAll<T>(registry: Registry, path: string): Promise<T[]> {
  const limit = 100
  const all: T[] = []
  for (let page = 1; ; page++) {
    const found = await registry.ask<T[]>(`${path}?limit=${limit}&page=${page}`, { tries: outages })
    all.push(...found)
    if (found.length < limit) return all
  }
}

async function checkRepository(
  registry: Registry,
  owner: string,
  { name, url }: Repository,
  repair: boolean,
): Promise<Problem[]> {
  const path = `${new URL(url).pathname}/check`
  const place = `${owner}/${name}`
  let checked = await checkUnchanged(registry, path, place)
  if (repair && checked.problems.length > 0) {
    print(checked.problems)
    const { revision } = await registry.ask<{ revision: number }>(path, { method: 'POST' })
    console.log(`${place}: its index files were written anew, revision ${revision}`)
    await repairLists(registry, checked.problems)
    checked = await checkUnchanged(registry, path, place)
  }
  const { indexes, files, problems } = checked
  print(problems)
  const found = `${counted(indexes, 'index file')}, ${counted(files, 'package file')}`
  console.log(`${place}: ${found}: ${verdictOf(problems)}`)
  return problems
}

async function checkUnchanged(registry: Registry, path: string, place: string): Promise<Found> {
  for (let attempt = 1; ; attempt++) {
    const { found, changed } = await checkOnce(registry, path)
    if (!changed) return found
    if (attempt < tries) continue
    console.error(`${place} changes all the time: the problems below may be outdated`)
    return found
  }
}

async function checkOnce(registry: Registry, path: string) {
  const found: Found = { indexes: 0, files: 0, problems: [] }
  const revisions = new Set<number>()
  let changed = false
  for (let after: string | null = ''; after !== null; ) {
    const query: string = after === '' ? '' : `?after=${encodeURIComponent(after)}`
    const page: RepositoryPage = await registry.ask(path + query, { tries: outages })
    found.indexes += page.indexes_checked
    found.files += page.files_checked
    found.problems.push(...page.problems)
    revisions.add(page.revision)
    changed ||= page.changed_meanwhile
    after = page.next
  }
  return { found, changed: changed || revisions.size > 1 }
}

/** Checks the repositories of this name. Several types may have one. */
async function checkNamed(registry: Registry, place: string, repair: boolean): Promise<Problem[]> {
  const [, owner = '', name = ''] = /^([^/]+)\/(.+)$/.exec(place) ?? []
  const unhealthy = await checkHealth(registry)
  print(unhealthy)
  const repositories = await listRepositories(registry, owner)
  const named = repositories.filter((repository) => repository.name === name)
  if (named.length === 0) throw new Error(`no such repository: "${place}"`)
  const problems = [...unhealthy]
  for (const repository of named) {
    problems.push(...(await checkRepository(registry, owner, repository, repair)))
  }
  return problems
}

function print(problems: readonly Problem[]): void {
  for (const { subject, problem } of problems) console.log(`${subject}: ${problem}`)
}

function verdictOf({ length }: readonly Problem[]): string {
  return length === 0 ? 'all good' : counted(length, 'problem')
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function usage(): never {
  console.error('usage: npm run check -- [--repair] [OWNER/REPOSITORY]')
  return process.exit(2)
}

function parseArguments() {
  try {
    const options = { repair: { type: 'boolean', default: false } } as const
    return parseArgs({ options, allowPositionals: true })
  } catch {
    return usage()
  }
}

answerHelp(`npm run check -- [--repair] [OWNER/REPOSITORY]

Verifies everything that a running registry has, or one repository. Ends with 1 if anything is wrong.

  --repair   first repairs what the registry can make again from other data
${WHICH_REGISTRY}`)
const { values, positionals } = parseArguments()
const [place, ...further] = positionals
if (further.length > 0 || (place !== undefined && !/^[^/]+\/[^/].*$/.test(place))) usage()
try {
  const registry = await openRegistry()
  const problems =
    place === undefined
      ? await checkAll(registry, values.repair)
      : await checkNamed(registry, place, values.repair)
  process.exitCode = problems.length === 0 ? 0 : 1
} catch (error) {
  reportFailure('npm run check', error)
  process.exitCode = 2
}
