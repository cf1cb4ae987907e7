import { describe, expect, it } from 'vitest'
import type { PublishChange } from '../../src/core/commit/change.ts'
import { type PlanRules, planCommit } from '../../src/core/commit/plan.ts'
import type { ExistingFile, Snapshot } from '../../src/core/commit/snapshot.ts'
import type { Limits } from '../../src/core/quota/quota.ts'

// What a commit decides by the part of a file, whatever the file runs on.

const NOW = 1_000_000
const ROOM: Limits = { files: 9, metadata_bytes: 1e6, file_bytes: 1e6, repositories: 9, tokens: 9 }
const empty = { files: 0, metadata_bytes: 0, file_bytes: 0, repositories: 0, tokens: 0 }

const publish = (part: string, sha256 = 'new'): PublishChange => ({
  ...{ op: 'publish', changeId: `into ${part}`, packageName: 'tool', version: '1' },
  ...{ fileName: 'tool_amd64.pkg', architecture: 'amd64', part, compositeKey: part },
  ...{ metadata: '{}', properties: {}, createdBy: 'admin' },
  blob: { ...{ r2Key: 'k', size: 1, md5: '', sha1: '', sha512: '', sha256 }, stagedAt: NOW },
})

const there = (part: string): ExistingFile => ({
  ...{ id: 'there', name: 'tool_amd64.pkg', architecture: 'amd64', part, packageName: 'tool' },
  ...{ version: '1', sha256: 'old', size: 1, metadataBytes: 1, revision: 7 },
})

const snapshotOf = (more: Partial<Snapshot>): Snapshot => ({
  ...{ repositoryId: 'r', head: 'h', revision: 7, files: [], retired: [], indexes: [] },
  ...{ recent: '', resting: [] },
  ...{ applied: new Map(), signingKey: null, databaseBytes: 1, holders: [], tokens: new Set() },
  ...{ quota: { used: empty, limits: {} }, ...more },
})

/** Parts that begin alike exclude each other, as the noarch part and those of architectures do. */
const rules: PlanRules = {
  clashes: (existing, added) => existing[0] === added[0],
  refusalOf: (part) =>
    part === 'refused'
      ? { code: 'invalid-package', reason: 'invalid-field', detail: part }
      : undefined,
}

function decide(change: PublishChange, snapshot: Partial<Snapshot>) {
  const bounds = { owner: ROOM, databaseBytes: 1e9 }
  const plan = planCommit([change], snapshotOf(snapshot), rules, NOW, bounds)
  return plan.settled.get(change.changeId) ?? 'carried'
}

describe('a publish into a part', () => {
  it('is carried where its name is in a part that does not exclude it', () => {
    expect(decide(publish('main/amd64'), { files: [there('contrib/amd64')] })).toBe('carried')
    expect(decide(publish('main/amd64'), { files: [there('main/all')] })).toEqual({
      ...{ outcome: 'exists', sameBytes: false, part: 'main/all', revision: 7 },
    })
  })

  it('may bring back the bytes that were removed from it, and those of no other part', () => {
    const retired = [{ name: 'tool_amd64.pkg', part: 'main/amd64', sha256: 'old' }]
    expect(decide(publish('main/amd64', 'old'), { retired })).toBe('carried')
    const refused = { outcome: 'retired', part: 'main/amd64' }
    expect(decide(publish('main/amd64', 'new'), { retired })).toEqual(refused)
    expect(decide(publish('main/all', 'old'), { retired })).toEqual(refused)
    expect(decide(publish('contrib/amd64', 'new'), { retired })).toBe('carried')
  })

  it('is refused where the type says so of the part', () => {
    expect(decide(publish('refused'), {})).toMatchObject({ outcome: 'refused' })
  })
})
