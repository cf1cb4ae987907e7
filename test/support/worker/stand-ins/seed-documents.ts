// Rows of many files of the stand-in with documents, by the statements that a publish uses.
import { env } from 'cloudflare:workers'
import { runBatch } from '../../../../src/core/database.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { insertFiles } from '../../../../src/core/packages/rows.ts'
import { DOCUMENT_TYPE } from './documents.ts'

export interface SeededFile {
  readonly version: string
  readonly compositeKey?: string
  readonly fileName?: string
  readonly metadata: string
}

/** Characters of metadata in a batch: its parameters are values of D1, which have a limit. */
const BATCH = 1_000_000

/** Puts files into a package; the owner is the only one. */
export async function seedFiles(packageName: string, files: readonly SeededFile[]): Promise<void> {
  const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first<string>('id'))
  const newFiles = files.map(({ version, compositeKey = '', fileName = 'file', metadata }) => ({
    ...{ changeId: timeOrderedId(Date.now()), packageName, version, fileName, compositeKey },
    ...{ architecture: '', metadata, properties: {}, createdBy: 'admin', blob: randomBlob() },
  }))
  let batch: typeof newFiles = []
  let weight = 0
  const flush = async () => {
    await runBatch(env.DB, insertFiles({ ownerId, type: DOCUMENT_TYPE }, null, batch, Date.now()))
    batch = []
    weight = 0
  }
  for (const file of newFiles) {
    batch.push(file)
    weight += file.metadata.length + 500
    if (weight > BATCH) await flush()
  }
  if (batch.length > 0) await flush()
}

function randomBlob() {
  const hex = (digits: number) =>
    Array.from({ length: digits / 32 + 1 }, () => crypto.randomUUID().replaceAll('-', ''))
      .join('')
      .slice(0, digits)
  return {
    ...{ sha256: hex(64), sha1: hex(40), sha512: hex(128), md5: hex(32) },
    ...{ r2Key: `blobs/${crypto.randomUUID()}`, size: 1, stagedAt: 0 },
  }
}
