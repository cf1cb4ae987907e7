// An owner gets no more than it may have, whatever comes at once; what it has stays, and can be removed.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { override } from '../support/worker/bindings.ts'
import { atSteps, meetBeforeBatches } from '../support/worker/commit-steps.ts'
import { interceptCommits, loseFirstReply } from '../support/worker/commits.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  createOwner,
  listKeys,
  send,
  tokenOf,
} from '../support/worker/registry.ts'
import { answerTo, chunked, silence, withBody } from '../support/worker/requests.ts'
import { recordStatements } from '../support/worker/statements.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'
import { apk, fileOf, remove } from '../types/alpine/soundness.ts'
import { samples } from '../types/samples.ts'
import type { SampleFile, TypeSample } from '../types/type-sample.ts'

const COMMUNITY = MAIN.replace('main', 'community')
const GENERIC = '/api/packages/acme/generic/tool/1'
const EXCEEDED = (has: number, noun: string, limit: number, more: number) =>
  `413 the owner has ${has} ${noun}, may have ${limit}, and this would be ${more} more: `

const used = (quantity: string) =>
  env.DB.prepare(`SELECT ${quantity} FROM owner_usage`).first<number>(quantity)
/** Status and text, as the clients of a type show it. */
const line = (
  { status, text }: { status: number; text: string },
  { shows = (body) => body }: Pick<TypeSample, 'shows'> = {},
) => `${status} ${shows(text)}`
/** A body of which no byte ever comes, where none is needed: whoever waits for it answers a 408, after a minute. */
const publishSilently = (sample: TypeSample, file: SampleFile) =>
  sample.knownBeforeBody === 'nothing'
    ? sample.publish(file)
    : withBody(sample.publish(file), silence())

beforeEach(() => createOwner())

describe.each(samples)('an owner at its limit of files ($type)', (sample) => {
  const { first, second, statuses } = sample
  const publishSecond = () => answerTo(sample.publish(second))
  const removeFirst = async () =>
    expect((await answerTo(sample.remove(first))).status).toBe(statuses.removed)

  beforeEach(async () => {
    expect((await answerTo(sample.publish(first))).status).toBe(statuses.published)
    override({ OWNER_FILES: 1 })
    // Whoever asks next is looked up.
    await tokenOf('acme', { scopes: ['read'] })
  })

  it('gets no further file, stores nothing of it, and has room again after a removal', async () => {
    const before = await listKeys()
    expect(line(await publishSecond(), sample)).toMatch(EXCEEDED(1, 'files', 1, 1))
    expect(await listKeys()).toEqual(before)
    expect(await sample.isPublished(second)).toBe(false)
    await expectConsistent()
    await removeFirst()
    // At once, although the registry remembers for some seconds what it read of an owner.
    expect((await publishSecond()).status).toBe(statuses.published)
    await expectConsistent()
  })

  it('is refused before the body is read', async () => {
    expect((await answerTo(publishSilently(sample, second))).status).toBe(413)
  })

  it('says what it has and may have to programs', async () => {
    const headers = { ...ADMIN, accept: 'application/json' }
    const { text } = await answerTo(sample.publish(second), headers)
    expect(JSON.parse(text)).toMatchObject({
      ...{ status: 413, code: 'quota-exceeded', quota: 'files', used: 1, limit: 1 },
      detail: expect.stringMatching(/remove versions that nobody needs, or ask the operator/),
    })
  })

  it('with limits of its own is held to these', async () => {
    const limit = (files: number) =>
      env.DB.prepare('UPDATE owner SET limits = ?1').bind(JSON.stringify({ files })).run()
    await limit(2)
    expect((await publishSecond()).status).toBe(statuses.published)
    override({ OWNER_FILES: 100 })
    await answerTo(sample.remove(second))
    await limit(1)
    expect((await publishSecond()).status).toBe(413)
  })

  it('with a lower limit than it has can remove, and no more', async () => {
    override({ OWNER_FILES: 0 })
    expect((await publishSecond()).status).toBe(413)
    await removeFirst()
    await expectConsistent()
  })
})

describe.each(samples)('bytes ($type)', (sample) => {
  const { first, second } = sample
  const publishFirst = async () =>
    expect((await answerTo(sample.publish(first))).status).toBe(sample.statuses.published)

  it('are refused before the body is read where it says how many there are', async () => {
    const size = first.bytes.length
    override({ OWNER_FILE_BYTES: size - 1 })
    const known = sample.knownBeforeBody === undefined
    const asked = known ? publishSilently(sample, first) : sample.publish(first)
    const length = known ? { 'content-length': String(size) } : {}
    const answer = await answerTo(asked, { ...ADMIN, ...length })
    expect(line(answer, sample)).toMatch(EXCEEDED(0, 'bytes in files', size - 1, size))
    await vi.waitFor(async () => expect(await listKeys()).toEqual([]))
  })

  it('are refused at the end where nothing said how many there are', async () => {
    override({ OWNER_FILE_BYTES: first.bytes.length + second.bytes.length - 1 })
    await publishFirst()
    const before = await listKeys()
    const answer = await answerTo(await chunked(sample.publish(second)))
    expect(line(answer, sample)).toMatch(/^413 the owner has \d+ bytes in files/)
    await expectConsistent()
    await vi.waitFor(async () => expect(await listKeys()).toEqual(before))
  })
})

it('the bytes of a file are counted again where the store has them already', async () => {
  const bytes = apk('a')
  override({ OWNER_FILE_BYTES: 2 * bytes.length - 1 })
  expect((await put(bytes)).status).toBe(201)
  expect((await put(bytes, COMMUNITY)).status).toBe(413)
  expect((await put(bytes, `${GENERIC}/a`)).status).toBe(413)
})

describe('metadata', () => {
  it('is refused beyond the limit, properties and all', async () => {
    await publish({ name: 'a', version: '1-r0' })
    const each = Number(await used('metadata_bytes'))
    override({ OWNER_METADATA_BYTES: 2 * each })
    const provides = Array.from({ length: 50 }, (_, at) => `so:${at}`).join(' ')
    const { text } = await put(buildApk({ name: 'b', version: '1-r0', info: { provides } }))
    expect(text).toMatch(/^the owner has \d+ bytes of metadata, may have \d+, .* [45]\d\d\d more: /)
    await publish({ name: 'b', version: '1-r0' })
    expect((await put(apk('c'))).status).toBe(413)
    await expectConsistent()
  })
})

describe('repositories', () => {
  it('are refused beyond the limit, and those that there are still grow', async () => {
    override({ OWNER_REPOSITORIES: 1 })
    await publish({ name: 'a', version: '1-r0' })
    expect(line(await put(apk('a'), COMMUNITY))).toMatch(EXCEEDED(1, 'repositories', 1, 1))
    await publish({ name: 'b', version: '1-r0' })
    const declare = (name: string) =>
      answerOf(`/api/v1/owners/acme/repositories/alpine/edge/${name}`, {
        method: 'PUT',
        headers: ADMIN,
        body: '{"immutable":true}',
      })
    expect((await declare('community')).status).toBe(413)
    expect((await declare('main')).status).toBe(200)
    await expectConsistent()
  })
})

describe('access tokens', () => {
  it('are refused beyond the limit, until one is revoked', async () => {
    override({ OWNER_TOKENS: 1 })
    const { id } = await tokenOf('acme', { scopes: ['read'] })
    const create = () =>
      answerOf('/api/v1/owners/acme/tokens', {
        method: 'POST',
        headers: ADMIN,
        body: JSON.stringify({ name: 'b', scopes: ['read'] }),
      })
    const { status, text } = await create()
    expect([status, JSON.parse(text)]).toMatchObject([413, { quota: 'tokens', used: 1, limit: 1 }])
    expect(JSON.parse(text).detail).toMatch(/revoke tokens that nobody uses, expired ones too/)
    await answerOf(`/api/v1/owners/acme/tokens/${id}`, { method: 'DELETE', headers: ADMIN })
    expect((await create()).status).toBe(201)
    await expectConsistent()
  })

  it('are never one too many, however many are asked for at once', async () => {
    override({ OWNER_TOKENS: 2 })
    const create = () =>
      answerOf('/api/v1/owners/acme/tokens', {
        method: 'POST',
        headers: ADMIN,
        body: JSON.stringify({ name: 'b', scopes: ['read'] }),
      })
    const answers = await Promise.all(Array.from({ length: 5 }, create))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 413, 413, 413])
    await expectConsistent()
  })
})

describe('at once', () => {
  it('of a group those beyond the limit are refused alone', async () => {
    override({ OWNER_FILES: 7 })
    const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => put(apk(`a${at}`))))
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array<number>(7).fill(201),
      ...Array<number>(5).fill(413),
    ])
    expect(await used('files')).toBe(7)
    await expectConsistent()
  })

  it('of two repositories one gets the last place, the other is refused', async () => {
    await publish({ name: 'base', version: '1-r0' })
    await publish({ name: 'base', version: '1-r0' }, COMMUNITY)
    override({ OWNER_FILES: 3 })
    const met = meetBeforeBatches()
    const answers = await Promise.all([put(apk('left')), put(apk('right'), COMMUNITY)])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 413])
    expect(met().batches).toBe(2)
    expect(await used('files')).toBe(3)
    await expectConsistent()
  })

  it('of two repositories both get a place where two are left', async () => {
    await publish({ name: 'base', version: '1-r0' })
    await publish({ name: 'base', version: '1-r0' }, COMMUNITY)
    override({ OWNER_FILES: 4 })
    meetBeforeBatches()
    const answers = await Promise.all([put(apk('left')), put(apk('right'), COMMUNITY)])
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    await expectConsistent()
  })

  it('of two new repositories one gets the last place', async () => {
    override({ OWNER_REPOSITORIES: 1 })
    meetBeforeBatches()
    const answers = await Promise.all([put(apk('left')), put(apk('right'), COMMUNITY)])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 413])
    await expectConsistent()
  })

  it('of files without a repository as many come through as there are places', async () => {
    override({ OWNER_FILES: 2 })
    const send = (_: unknown, at: number) => put(new Uint8Array([at]), `${GENERIC}/${at}`)
    const answers = await Promise.all(Array.from({ length: 6 }, send))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 413, 413, 413, 413])
    await expectConsistent()
  })

  it('a file without a repository that found no place gets the one that is free by then', async () => {
    override({ OWNER_FILES: 1 })
    expect((await put(new Uint8Array(1), `${GENERIC}/first`)).status).toBe(201)
    await env.DB.prepare('UPDATE owner_usage SET files = 0').run()
    let tries = 0
    interceptCommits(async (run) => {
      if (tries++ === 0) await env.DB.prepare('UPDATE owner_usage SET files = 1').run()
      const result = await run().finally(() =>
        tries === 1 ? env.DB.prepare('UPDATE owner_usage SET files = 0').run() : undefined,
      )
      return result
    })
    // The batch fails for want of room, and when that is looked at there is some.
    expect((await put(new Uint8Array(2), `${GENERIC}/second`)).status).toBe(201)
    expect(tries).toBe(2)
  })
})

describe('what passes always', () => {
  it('are removals and the signing anew by other keys', async () => {
    await publish({ name: 'a', version: '1-r0' })
    await publish({ name: 'b', version: '1-r0' })
    const none = {
      ...{ OWNER_FILES: 0, OWNER_METADATA_BYTES: 0, OWNER_FILE_BYTES: 0 },
      OWNER_REPOSITORIES: 0,
    }
    override({ ...none, SIGNING_KEY: env.OTHER_SIGNING_KEY })
    const index = await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)
    expect(index.status).toBe(200)
    await index.arrayBuffer()
    const reindexed = env.DB.prepare(
      "SELECT count(*) AS n FROM repository_change WHERE op = 'reindex'",
    )
    expect(await reindexed.first('n')).toBe(1)
    expect((await remove('a')).status).toBe(204)
    await expectConsistent()
  })

  it('is what repeats a publish that had the last place and lost its answer', async () => {
    override({ OWNER_FILES: 1 })
    loseFirstReply()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect((await put(apk('a'))).status).toBe(201)
    expect((await answerOf(fileOf('a'), { method: 'HEAD' })).status).toBe(200)
    expect(await used('files')).toBe(1)
  })
})

describe('a full database', () => {
  const FULL =
    /^507 the database has \d+ bytes, and publishing stops at 1: remove what nobody needs/

  it.each(samples)('takes no publish, and every removal ($type)', async (sample) => {
    const { first, second, statuses } = sample
    expect((await answerTo(sample.publish(first))).status).toBe(statuses.published)
    override({ DATABASE_BYTES: 1 })
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await tokenOf('acme', { scopes: ['read'] })
    expect(line(await answerTo(publishSilently(sample, second)), sample)).toMatch(FULL)
    expect(await sample.isPublished(first)).toBe(true)
    expect((await answerTo(sample.remove(first))).status).toBe(statuses.removed)
    await expectConsistent()
  })

  it('takes no publish that was allowed before it was full, into a repository', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    atSteps((step) => {
      if (step === 'staged') override({ DATABASE_BYTES: 1 })
    })
    expect(line(await put(apk('a')))).toMatch(FULL)
    await vi.waitFor(async () => expect(await listKeys()).toEqual([]))
  })

  it('is one that has exactly so many bytes', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    override({ DATABASE_BYTES: 1 })
    const size = Number(/has (\d+) bytes/.exec((await put(apk('a'))).text)?.[1])
    expect(size).toBeGreaterThan(100_000)
    override({ DATABASE_BYTES: size })
    expect((await put(apk('a'))).status).toBe(507)
    override({ DATABASE_BYTES: size + 1_000_000 })
    expect((await put(apk('a'))).status).toBe(201)
  })

  it('is what the health check says', async () => {
    override({ DATABASE_BYTES: 1, OWNER_FILES: 'many' })
    const { status, text } = await answerOf('/api/healthz')
    expect([status, JSON.parse(text).checks]).toMatchObject([
      503,
      {
        database_room: expect.stringMatching(/^the database has \d+ bytes/),
        limits: expect.stringMatching(/OWNER_FILES is not a whole number/),
        object_store: 'pass',
      },
    ])
  })
})

describe('the variables', () => {
  it.each(['many', '-1', '1.5', '1e3'])('may not be %s, which publishes say', async (value) => {
    await publish({ name: 'a', version: '1-r0' })
    vi.spyOn(console, 'error').mockImplementation(() => {})
    override({ OWNER_FILES: value })
    const { status, text } = await put(apk('b'))
    expect([status, text]).toEqual([
      503,
      'not configured: the variable OWNER_FILES is not a whole number; write one in wrangler.toml and deploy, or remove the variable',
    ])
    expect((await remove('a')).status).toBe(204)
  })

  it('may be texts, as a dashboard writes them, or left out', async () => {
    override({ OWNER_FILES: '1', OWNER_TOKENS: '', OWNER_REPOSITORIES: undefined })
    await publish({ name: 'a', version: '1-r0' })
    expect((await put(apk('b'))).status).toBe(413)
  })
})

it('costs a publish no statement of its own', async () => {
  await publish({ name: 'a', version: '1-r0' })
  const statements = recordStatements()
  await publish({ name: 'b', version: '1-r0' })
  // What an owner has comes with what was asked before; one statement counts.
  expect(statements.filter((sql) => sql.includes('owner_usage'))).toHaveLength(3)
})
