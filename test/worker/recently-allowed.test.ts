import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  listKeys,
  send,
  tokenOf,
} from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { recordStatements } from '../support/worker/statements.ts'
import { MAIN, put } from '../types/alpine/repository.ts'
import { apk, fileOf, remove } from '../types/alpine/soundness.ts'
import { samples } from '../types/samples.ts'

// Of a burst of uploads the first asks who may do this; the commits ask again. What other instances
// of the Worker change is changed by SQL here.

beforeEach(async () => {
  await createOwner()
  // However slow the machine is, what was remembered is recent.
  const now = Date.now()
  vi.spyOn(Date, 'now').mockImplementation(() => now)
})
afterEach(() => vi.restoreAllMocks())

const revoke = (id: string) =>
  env.DB.prepare('DELETE FROM access_token WHERE id = ?').bind(id).run()

function recordQuestions(): () => number {
  const statements = recordStatements()
  return () => statements.filter((sql) => sql.includes('LEFT JOIN access_token')).length
}

it('asks once for several uploads, and once more after five seconds', async () => {
  const { headers } = await tokenOf('acme', { scopes: ['write'] })
  const questions = recordQuestions()
  for (const name of ['a', 'b', 'c']) expect((await put(apk(name), MAIN, headers)).status).toBe(201)
  expect(questions()).toBe(1)
  const later = Date.now() + 5001
  vi.spyOn(Date, 'now').mockImplementation(() => later)
  expect((await put(apk('d'), MAIN, headers)).status).toBe(201)
  expect(questions()).toBe(2)
})

it('asks no more because something else was refused', async () => {
  expect((await put(apk('a'))).status).toBe(201)
  const questions = recordQuestions()
  expect((await send(fileOf('absent'))).status).toBe(404)
  expect(questions()).toBe(1)
  expect((await put(apk('a'))).status).toBe(409)
  expect((await put(new Uint8Array(10))).status).toBe(400)
  expect((await put(apk('b'))).status).toBe(201)
  expect(questions()).toBe(1)
})

it('asks for each owner and each token', async () => {
  await createOwner('other')
  const [first, second] = [
    await tokenOf('acme', { scopes: ['write'] }),
    await tokenOf('acme', { scopes: ['write'], packages: ['b'] }),
  ]
  const questions = recordQuestions()
  expect((await put(apk('a'), MAIN, first.headers)).status).toBe(201)
  expect((await put(apk('b'), MAIN, second.headers)).status).toBe(201)
  expect((await put(apk('c'), MAIN, second.headers)).status).toBe(403)
  const elsewhere = MAIN.replace('acme', 'other')
  expect((await put(apk('a'), elsewhere, first.headers)).status).toBe(403)
  expect((await put(apk('a'), MAIN, { authorization: 'Bearer wrong' })).status).toBe(401)
  expect((await put(apk('a'), MAIN, {})).status).toBe(401)
  // What can be no token is refused without a question.
  expect(questions()).toBe(3)
})

it('publishes nothing with a token that was revoked elsewhere', async () => {
  const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
  expect((await put(apk('a'), MAIN, headers)).status).toBe(201)
  const [rows, keys] = [await countRows(), await listKeys()]
  await revoke(id)
  const refused = await put(apk('b'), MAIN, headers)
  expect(`${refused.status} ${refused.text}`).toMatch(/^401 the access token was revoked/)
  expect(await countRows()).toEqual(rows)
  expect(await listKeys()).toEqual(keys)
  const again = await put(apk('b'), MAIN, headers)
  expect(`${again.status} ${again.text}`).toMatch(/^401 the access token is not known here/)
})

it('refuses one change of a commit, not those beside it', async () => {
  const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
  expect((await put(apk('first'), MAIN, headers)).status).toBe(201)
  await revoke(id)
  const answers = await Promise.all([
    put(apk('a'), MAIN, ADMIN),
    put(apk('b'), MAIN, headers),
    put(apk('c'), MAIN, ADMIN),
  ])
  expect(answers.map(({ status }) => status)).toEqual([201, 401, 201])
})

it('reads and removes with nothing that was remembered', async () => {
  await createOwner('hidden', 'private')
  const path = MAIN.replace('acme', 'hidden')
  const { id, headers } = await tokenOf('hidden', { scopes: ['write'] })
  expect((await put(apk('a'), path, headers)).status).toBe(201)
  await revoke(id)
  const file = `${path}/x86_64/a-1-r0.apk`
  expect((await send(file, { headers })).status).toBe(401)
  expect((await send(file, { method: 'DELETE', headers })).status).toBe(401)
  expect((await send(file, { headers: ADMIN })).status).toBe(200)
})

it('sees at once what is changed here', async () => {
  const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
  expect((await put(apk('a'), MAIN, headers)).status).toBe(201)
  const revoked = { method: 'DELETE', headers: ADMIN }
  expect((await answerOf(`/api/v1/owners/acme/tokens/${id}`, revoked)).status).toBe(204)
  const questions = recordQuestions()
  expect((await put(apk('b'), MAIN, headers)).text).toMatch(/is not known here/)
  expect(questions()).toBe(1)
})

it('takes one refusal to notice an owner in the place of another one', async () => {
  expect((await put(apk('a'))).status).toBe(201)
  expect((await remove('a')).status).toBe(204)
  const tables = ['repository_change', 'repository_index', 'repository', 'owner']
  for (const table of tables) await env.DB.prepare(`DELETE FROM ${table}`).run()
  const insert =
    "INSERT INTO owner (id, name, visibility, created_at) VALUES ('2', 'acme', 'public', 0)"
  await env.DB.prepare(insert).run()
  expect((await put(apk('b'))).text).toMatch(/^no owner acme/)
  expect((await put(apk('b'))).text).toMatch(/^published .*, revision 1$/)
})

it('signs with the key that the owner has by then', async () => {
  expect((await put(apk('a'))).status).toBe(201)
  await env.DB.prepare("UPDATE owner SET signing_key = 'SIGNING_KEY_ABSENT'").run()
  const { status, text } = await put(apk('b'))
  expect(`${status} ${text}`).toMatch(/^503 .*SIGNING_KEY_ABSENT/)
})

describe.each(samples)('a burst of $type', ({ publish, first, second, statuses }) => {
  it('asks once who may publish', async () => {
    const { headers } = await tokenOf('acme', { scopes: ['write'] })
    const questions = recordQuestions()
    for (const file of [first, second]) {
      expect((await answerTo(publish(file), headers)).status).toBe(statuses.published)
    }
    expect(questions()).toBe(1)
  })

  it.each([
    ['was revoked', 'DELETE FROM access_token WHERE id = ?'],
    ['has expired', 'UPDATE access_token SET expires_at = 1 WHERE id = ?'],
  ])('publishes nothing with a token that %s elsewhere', async (_, end) => {
    const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
    expect((await answerTo(publish(first), headers)).status).toBe(statuses.published)
    const [rows, keys] = [await countRows(), await listKeys()]
    await env.DB.prepare(end).bind(id).run()
    const refused = await answerTo(publish(second), headers)
    expect(refused.status).toBe(401)
    expect(refused.text).toContain('the access token was revoked, or has expired, before the')
    expect([await countRows(), await listKeys()]).toEqual([rows, keys])
    // From then on it is asked again.
    expect((await answerTo(publish(second), headers)).text).not.toContain('before the')
  })
})
