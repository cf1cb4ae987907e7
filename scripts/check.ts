// `npm run check -- owner/branch/repository`: asks a running registry to verify one repository, page
// by page, and prints what is wrong. Ends with 1 if anything is. URL and TOKEN come from the
// environment; without them it asks the registry that `npm start` serves.
import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'

interface Page {
  revision: number
  changed_meanwhile: boolean
  indexes_checked: number
  files_checked: number
  problems: { subject: string; problem: string }[]
  next: string | null
}

/** Commits that keep coming make a check useless: it is tried again this often. */
const tries = 5

const [repository = ''] = process.argv.slice(2)
const parts = repository.split('/')
if (parts.length !== 3 || parts.some((part) => part === '')) {
  console.error('usage: npm run check -- owner/branch/repository')
  process.exit(2)
}
const url = (process.env.URL ?? 'http://127.0.0.1:8787').replace(/\/+$/, '')
// The local token goes to the local registry and nowhere else.
const token =
  process.env.TOKEN ?? (process.env.URL === undefined ? await readLocalToken() : missingToken())
const [owner = '', ...name] = parts.map(encodeURIComponent)
const path = `${url}/api/v1/owners/${owner}/repositories/alpine/${name.join('/')}/check`

for (let attempt = 1; ; attempt++) {
  const { pages, changed } = await checkOnce()
  if (changed && attempt < tries) continue
  if (changed) console.error('the repository changes all the time: what follows may be outdated')
  process.exit(report(pages))
}

async function checkOnce(): Promise<{ pages: Page[]; changed: boolean }> {
  const pages: Page[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
    const page = await ask(path + query)
    pages.push(page)
    after = page.next
  }
  const revisions = new Set(pages.map((page) => page.revision))
  return { pages, changed: revisions.size > 1 || pages.some((page) => page.changed_meanwhile) }
}

async function ask(address: string): Promise<Page> {
  try {
    const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } })
    if (response.ok) return (await response.json()) as Page
    console.error(`${response.status}: ${readDetail(await response.text())}`)
  } catch (error) {
    // fetch says only that it failed, and why in its cause.
    const { message, cause } = error as Error
    console.error(`${url} does not answer: ${cause instanceof Error ? cause.message : message}`)
  }
  return process.exit(2)
}

/** The line of a problem; what stands between may answer something else. */
function readDetail(text: string): string {
  try {
    return (JSON.parse(text) as { detail: string }).detail
  } catch {
    return text.trim()
  }
}

function report(pages: readonly Page[]): number {
  const problems = pages.flatMap((page) => page.problems)
  for (const { subject, problem } of problems) console.log(`${subject}: ${problem}`)
  const files = pages.reduce((sum, page) => sum + page.files_checked, 0)
  const indexes = pages.reduce((sum, page) => sum + page.indexes_checked, 0)
  const verdict = problems.length === 0 ? 'all good' : `${problems.length} problems`
  console.log(`${repository}: ${indexes} index files, ${files} package files: ${verdict}`)
  return problems.length === 0 ? 0 : 1
}

function missingToken(): never {
  console.error('set TOKEN too: URL names a registry of its own')
  return process.exit(2)
}

async function readLocalToken(): Promise<string> {
  try {
    return parseEnv(await readFile('.dev.vars', 'utf8')).ADMIN_TOKEN ?? ''
  } catch {
    console.error('set URL and TOKEN, or run it where `npm start` made .dev.vars')
    return process.exit(2)
  }
}
