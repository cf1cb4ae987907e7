// Tries on the platform what this code takes for granted of D1 and R2, with the time that it took. What
// it writes it removes again: rows within a batch, objects under a part of the bucket of their own.
import type { Statement } from '../database.ts'
import { messageOf, runBatch } from '../database.ts'
import { sha256 } from '../digests.ts'

export interface Finding {
  /** What is taken for granted. */
  readonly assumption: string
  readonly holds: boolean
  /** What was found, with its figure. */
  readonly found: string
}

/** A trial says what it found, or throws where the assumption does not hold. */
interface Trial {
  readonly assumption: string
  readonly run: () => Promise<string>
}

/** One after the other, so that none slows another down. Never throws. */
export async function tryAll(trials: readonly Trial[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { assumption, run } of trials) {
    try {
      findings.push({ assumption, holds: true, found: await run() })
    } catch (error) {
      findings.push({
        assumption,
        holds: false,
        found: messageOf(error).replace(/\s+/g, ' ').slice(0, 300),
      })
    }
  }
  return findings
}

const ROUNDS = 10

/**
 * Median and longest of some calls, in milliseconds. The clock of a Worker stands still but for calls like
 * these, so that it measures them and no computation.
 */
export async function timed(run: () => Promise<unknown>, rounds = ROUNDS): Promise<string> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begun = Date.now()
    await run()
    times.push(Date.now() - begun)
  }
  times.sort((a, b) => a - b)
  return `${times[times.length >> 1]} ms in the median, ${times.at(-1)} ms at most, of ${rounds}`
}

/** What D1's documentation gives: bytes of a statement, parameters, bytes of a value. */
const D1 = { statement: 100_000, parameters: 100, value: 2_000_000 }

export function probeDatabase(db: D1Database): Promise<Finding[]> {
  const select = async (...[sql, ...parameters]: Statement): Promise<unknown> =>
    db
      .prepare(sql)
      .bind(...parameters)
      .first('found')
  const marks = Array.from({ length: D1.parameters }, (_, at) => `?${at + 1}`).join(', ')
  return tryAll([
    { assumption: 'D1 answers a statement', run: () => timed(() => select('SELECT 1 AS found')) },
    {
      assumption: 'D1 commits a batch that writes',
      run: () =>
        timed(() =>
          runBatch(db, [['INSERT INTO expectation (ok) VALUES (1)'], ['DELETE FROM expectation']]),
        ),
    },
    {
      assumption: 'D1 undoes all of a batch of which one statement breaks a constraint',
      run: async () => {
        const batch = runBatch(db, [
          ['INSERT INTO expectation (ok) VALUES (1)'],
          ['INSERT INTO expectation (ok) VALUES (0)'],
        ])
        const refused = await batch.then(() => '', messageOf)
        demand(refused.includes('stale_repository'), `the error does not name it: ${refused}`)
        const left = await select('SELECT count(*) AS found FROM expectation')
        demand(left === 0, `${left} rows are left`)
        return 'undone, and the error names the constraint'
      },
    },
    {
      assumption: `D1 takes a statement of nearly ${D1.statement} bytes`,
      run: async () => {
        const sql = `SELECT length('${'x'.repeat(D1.statement - 100)}') AS found`
        return `${String(await select(sql))} characters of text in it`
      },
    },
    {
      assumption: `D1 takes ${D1.parameters} parameters`,
      run: async () => {
        const values = Array.from({ length: D1.parameters }, () => 1)
        return `${await select(`SELECT count(*) AS found FROM (VALUES (${marks}))`, ...values)} row of them`
      },
    },
    {
      assumption: `D1 takes a value of nearly ${D1.value} bytes`,
      run: async () =>
        `${await select('SELECT length(?1) AS found', 'x'.repeat(D1.value - 1000))} bytes`,
    },
    {
      assumption: 'SQLite has what our statements use: json_each, window functions, octet_length',
      run: async () => {
        const sql = `SELECT sum(before) AS found FROM (
          SELECT sum(octet_length(value)) OVER (ORDER BY key) AS before FROM json_each(?1))`
        const sum = await select(sql, '["é","a"]')
        demand(sum === 5, `a sum of 5 was ${sum}`)
        return 'all there, by a sum of 5 over two texts'
      },
    },
    {
      assumption: 'D1 says where it ran',
      run: async () => {
        const { meta } = await db.prepare('SELECT 1').all()
        const { served_by_region: region, served_by_primary: primary } = meta
        return `region ${region ?? 'not told'}, primary ${primary ?? 'not told'}, ${meta.duration} ms by its own clock`
      },
    },
  ])
}

const PART = 5 * 1024 * 1024
/** Of a list of what a package holds that travels with the bytes, in base64 (core/blobs/carried-list.ts). */
const METADATA = 5462

export async function probeStore(bucket: R2Bucket): Promise<Finding[]> {
  const prefix = `probe/${crypto.randomUUID()}/`
  const key = (name: string) => `${prefix}${name}`
  const small = new Uint8Array(1000)
  const findings = await tryAll([
    {
      assumption: 'R2 stores a small object',
      run: async () => {
        await bucket.put(key('a'), small)
        let count = 0
        return timed(() => bucket.put(key(`put-${count++}`), small))
      },
    },
    {
      assumption: 'R2 gives it back',
      run: () => timed(async () => (await bucket.get(key('a')))?.arrayBuffer()),
    },
    {
      assumption: 'R2 tells of it without its bytes',
      run: () => timed(() => bucket.head(key('a'))),
    },
    {
      assumption: 'R2 lists a prefix at once after a put',
      run: async () => {
        const { objects } = await bucket.list({ prefix })
        demand(objects.length === 1 + ROUNDS, `${objects.length} objects in place of ${1 + ROUNDS}`)
        return timed(() => bucket.list({ prefix }))
      },
    },
    {
      assumption: 'R2 leaves an object alone that a put with If-None-Match finds',
      run: async () => {
        const onlyIf = new Headers({ 'if-none-match': '*' })
        // R2 takes one write a second of a key.
        await scheduler.wait(1100)
        const put = await bucket.put(key('a'), 'other', { onlyIf })
        const { size } = (await bucket.head(key('a'))) ?? { size: 0 }
        demand(put === null && size === small.length, 'it was written over')
        return 'left alone'
      },
    },
    {
      assumption: 'R2 refuses bytes that have another SHA-256 than was said',
      run: async () => {
        const wrong = { sha256: sha256(new Uint8Array(1)) }
        const said = await bucket.put(key('wrong'), small, wrong).then(() => '', messageOf)
        demand(said !== '' && (await bucket.head(key('wrong'))) === null, 'it took them')
        return `not taken: ${said.split('\n')[0]?.slice(0, 100)}`
      },
    },
    {
      assumption: 'R2 keeps the SHA-256 that was said',
      run: async () => {
        const digest = sha256(small)
        await bucket.put(key('right'), small, { sha256: digest })
        const kept = (await bucket.head(key('right')))?.checksums.toJSON().sha256
        demand(kept === digest, `it has ${kept ?? 'none'}`)
        return 'kept'
      },
    },
    {
      assumption: `R2 takes ${METADATA} bytes of metadata with an object`,
      run: async () => {
        const customMetadata = { contents: 'x'.repeat(METADATA) }
        await bucket.put(key('metadata'), small, { customMetadata })
        const kept = (await bucket.head(key('metadata')))?.customMetadata?.contents?.length
        demand(kept === METADATA, `${kept} of them came back`)
        return 'taken and given back'
      },
    },
    {
      assumption: 'R2 takes an object in parts of 5 MiB, with a shorter last one',
      run: async () => {
        const begun = Date.now()
        const upload = await bucket.createMultipartUpload(key('parts'))
        const parts = [
          await upload.uploadPart(1, new Uint8Array(PART)),
          await upload.uploadPart(2, small),
        ]
        const { size } = await upload.complete(parts)
        demand(size === PART + small.length, `${size} bytes`)
        return `${size} bytes in ${Date.now() - begun} ms`
      },
    },
    {
      assumption: 'R2 gives a range',
      run: async () => {
        const object = await bucket.get(key('parts'), { range: { offset: PART - 10, length: 20 } })
        const { byteLength } = (await object?.arrayBuffer()) ?? { byteLength: 0 }
        demand(byteLength === 20, `${byteLength} bytes in place of 20`)
        return '20 bytes across two parts'
      },
    },
  ])
  return [...findings, ...(await tryAll([removal(bucket, prefix)]))]
}

function removal(bucket: R2Bucket, prefix: string): Trial {
  return {
    assumption: 'R2 removes many objects at once, and lists none of them afterwards',
    run: async () => {
      const { objects } = await bucket.list({ prefix })
      const begun = Date.now()
      await bucket.delete(objects.map((object) => object.key))
      const ms = Date.now() - begun
      const left = await bucket.list({ prefix })
      demand(left.objects.length === 0, `${left.objects.length} are left under ${prefix}`)
      return `${objects.length} objects in ${ms} ms`
    },
  }
}

/** Fails the trial. */
export function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}
