// Clients that publish and remove versions, move tags and read documents, all at once in one package and after
// a seed. As package managers do, each keeps the documents that it read and asks whether they are current.
import type { Action } from './model.ts'
import type { Random } from './random.ts'
import { Recording } from './recording.ts'
import { type Answer, publishAnswer, removeAnswer, textOf, unexpected } from './workload.ts'

export interface DocumentAnswer extends Answer {
  readonly etag: string
  /** Whether it came from the edge. */
  readonly isHit: boolean
}

/** Sends a request; rejects when there is no answer. */
export interface DocumentSend {
  publish(version: string, content: string): Promise<Answer>
  remove(version: string): Promise<Answer>
  /** The body is what became of it. */
  point(tag: string, version: string): Promise<Answer>
  /** @param etag of the copy that the client has */
  read(etag: string | undefined): Promise<DocumentAnswer>
}

export interface ReadDocument {
  readonly files: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

const VERSIONS = ['1', '2', '3'] as const
const CONTENTS = ['"a"', '"b"'] as const
const TAGS = ['latest', 'next'] as const

/** The kinds of answers that documents were read by. */
export type Reading = 'hit' | 'miss' | 'current' | 'none' | 'failed'

export class DocumentRecorder extends Recording {
  readonly readings: Reading[] = []
  readonly #send: DocumentSend
  readonly #parse: (text: string) => ReadDocument
  /** What was read under each ETag. */
  readonly #texts = new Map<string, string>()

  constructor(send: DocumentSend, parse: (text: string) => ReadDocument) {
    super()
    this.#send = send
    this.#parse = parse
  }

  async runClient(random: Random, operations: number): Promise<void> {
    let copy: string | undefined
    for (let count = 0; count < operations; count++) {
      const version = random.pick(VERSIONS)
      const kind = random.pick([
        'publish',
        'publish',
        'remove',
        'point',
        'point',
        'read',
        'read',
        'read',
      ])
      if (kind === 'publish') await this.#publish(version, random.pick(CONTENTS))
      else if (kind === 'remove') await this.#remove(version)
      else if (kind === 'point') await this.#point(random.pick(TAGS), version)
      else copy = await this.#read(random.chance(0.5) ? copy : undefined)
    }
  }

  async readAll(): Promise<void> {
    const copy = await this.#read(undefined)
    await this.#read(undefined)
    await this.#read(copy)
  }

  #publish(file: string, content: string): Promise<void> {
    return this.record(async () => {
      const answer = publishAnswer(await orNone(this.#send.publish(file, content)))
      return { op: 'publish', file, content, answer }
    })
  }

  #remove(file: string): Promise<void> {
    return this.record(async () => {
      const answer = removeAnswer(await orNone(this.#send.remove(file)))
      return { op: 'remove', file, answer }
    })
  }

  #point(tag: string, file: string): Promise<void> {
    return this.record(async () => {
      const answer = pointAnswer(await orNone(this.#send.point(tag, file)))
      return { op: 'point', tag, file, answer }
    })
  }

  /** The ETag of what was read. */
  async #read(copy: string | undefined): Promise<string | undefined> {
    let etag: string | undefined
    await this.record(async (): Promise<Action | undefined> => {
      const answer = await this.#send.read(copy)
      const { status } = answer
      if (status === 503) this.readings.push('failed')
      if (status === 503) return undefined
      if (status === 404) this.readings.push('none')
      if (status === 404) return { op: 'document', files: {}, tags: {} }
      etag = answer.etag
      return { op: 'document', ...this.#parse(this.#textOf(answer, copy)) }
    })
    return etag
  }

  #textOf(answer: DocumentAnswer, copy: string | undefined): string {
    const { status, etag, isHit } = answer
    const known = this.#texts.get(etag)
    if (status === 304) {
      this.readings.push('current')
      if (etag !== copy || known === undefined) throw new Error(`304 for ${copy} says ${etag}`)
      return known
    }
    if (status !== 200) throw unexpected(answer)
    this.readings.push(isHit ? 'hit' : 'miss')
    const text = textOf(answer)
    if (known !== undefined && known !== text) {
      throw new Error(`two texts of one ETag ${etag}: ${known} and ${text}`)
    }
    this.#texts.set(etag, text)
    return text
  }
}

async function orNone(answer: Promise<Answer>): Promise<Answer | undefined> {
  return answer.catch(() => undefined)
}

function pointAnswer(answer: Answer | undefined) {
  if (answer === undefined || answer.status >= 500) return 'unknown'
  const text = textOf(answer)
  if (text === 'moved' || text === 'unchanged') return text
  if (text === 'version-absent' || text === 'package-absent') return 'absent'
  throw unexpected(answer)
}
