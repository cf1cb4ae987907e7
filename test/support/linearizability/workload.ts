// Clients that publish, remove, publish again with other bytes, read indexes and download, all at
// once in one repository and after a seed, with what each was answered and when. The files are few,
// so that they get in each other's way.
import { createHash } from 'node:crypto'
import { buildApkParts } from '../../types/alpine/builder.ts'
import { readIndex } from '../../types/alpine/index-reader.ts'
import type { Random } from './random.ts'
import { Recording } from './recording.ts'

export interface Answer {
  readonly status: number
  readonly body: Uint8Array
}

/** Sends a request to a path within the repository; rejects when there is no answer. */
export type Send = (
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  body?: Uint8Array,
) => Promise<Answer>

interface Package {
  readonly file: string
  readonly architecture: string
  /** Which of the contents that its name can have. */
  readonly content: string
  readonly bytes: Uint8Array
}

const NAMES = [
  { name: 'p', arch: 'x86_64' },
  { name: 'q', arch: 'x86_64' },
  { name: 'n', arch: 'noarch' },
] as const
const CONTENTS = ['a', 'b'] as const

/** Contents by what an index calls them and by what their bytes hash to. */
const contentOf = new Map<string, string>()
const packages: readonly Package[] = NAMES.flatMap(({ name, arch }) =>
  CONTENTS.map((content) => {
    const info = { pkgdesc: content }
    const { bytes, identity } = buildApkParts({ name, arch, version: '1-r0', info })
    contentOf.set(identity, content)
    contentOf.set(sha256(bytes), content)
    return { file: `${name}-1-r0.apk`, architecture: arch, content, bytes }
  }),
)
const FILES = packages.filter(({ content }) => content === 'a')

export class Recorder extends Recording {
  readonly #send: Send

  constructor(send: Send) {
    super()
    this.#send = send
  }

  /** One client's share: so many operations, one after the other. */
  async runClient(random: Random, operations: number): Promise<void> {
    for (let count = 0; count < operations; count++) {
      const one = random.pick(packages)
      const kind = random.pick([
        'publish',
        'publish',
        'publish',
        'remove',
        'remove',
        'index',
        'get',
      ])
      if (kind === 'publish') await this.publish(one, random.chance(0.5))
      else if (kind === 'remove') await this.remove(one)
      else if (kind === 'index') await this.readIndex(random.pick(['x86_64', 'aarch64']))
      else await this.download(one)
    }
  }

  /** Everything that there is to see, one after the other. */
  async readAll(): Promise<void> {
    for (const architecture of ['x86_64', 'aarch64']) await this.readIndex(architecture)
    for (const one of FILES) await this.download(one)
  }

  publish({ file, content, bytes }: Package, sameIsFine: boolean): Promise<void> {
    return this.record(async () => {
      const path = sameIsFine ? '?if-exists=same' : ''
      const answer = await this.#try('PUT', path, bytes)
      return { op: 'publish', file, content, answer: publishAnswer(answer) }
    })
  }

  remove({ file, architecture }: Package): Promise<void> {
    return this.record(async () => {
      const answer = await this.#try('DELETE', `/${architecture}/${file}`)
      return { op: 'remove', file, answer: removeAnswer(answer) }
    })
  }

  readIndex(architecture: string): Promise<void> {
    return this.record(async () => {
      const answer = await this.#send('GET', `/${architecture}/APKINDEX.tar.gz`)
      const of = FILES.filter((one) => [architecture, 'noarch'].includes(one.architecture))
      return { op: 'index', lists: listsOf(answer), of: of.map(({ file }) => file) }
    })
  }

  download({ file, architecture }: Package): Promise<void> {
    return this.record(async () => {
      const answer = await this.#send('GET', `/${architecture}/${file}`)
      if (answer.status === 404) return { op: 'download', file, content: null }
      if (answer.status !== 200) throw unexpected(answer)
      return { op: 'download', file, content: named(sha256(answer.body)) }
    })
  }

  async #try(...request: Parameters<Send>): Promise<Answer | undefined> {
    try {
      return await this.#send(...request)
    } catch {
      return undefined
    }
  }
}

export function publishAnswer(answer: Answer | undefined) {
  if (answer === undefined || answer.status >= 500) return 'unknown'
  const { status } = answer
  const sameBytes = textOf(answer).includes('with the same bytes')
  if (status === 201) return 'created'
  if (status === 200 || (status === 409 && sameBytes)) return 'same'
  if (status === 409) return 'taken'
  throw unexpected(answer)
}

export function removeAnswer(answer: Answer | undefined) {
  if (answer === undefined || answer.status >= 500) return 'unknown'
  if (answer.status === 204) return 'removed'
  if (answer.status === 404) return 'absent'
  throw unexpected(answer)
}

function listsOf(answer: Answer): Record<string, string> | null {
  if (answer.status === 404) return null
  if (answer.status !== 200) throw unexpected(answer)
  const { entries } = readIndex(answer.body)
  return Object.fromEntries(entries.map(({ P, V, C }) => [`${P}-${V}.apk`, named(C ?? '')]))
}

/** What nobody published matches nothing, and so fails the check. */
function named(identity: string): string {
  return contentOf.get(identity) ?? `never published: ${identity}`
}

export function unexpected(answer: Answer): Error {
  return new Error(`unexpected answer: ${answer.status} ${textOf(answer)}`)
}

export function textOf({ body }: Answer): string {
  return new TextDecoder().decode(body).trimEnd()
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
