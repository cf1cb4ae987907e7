import { beforeEach, describe, expect, it } from 'vitest'
import { expectConsistent } from '../../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  createOwner,
  expectNothing,
  tokenOf,
} from '../../support/worker/registry.ts'
import { buildApk } from './builder.ts'
import { MAIN, publish, put } from './repository.ts'

// What a token that is restricted to packages may have apk take its packages for.

let ci: HeadersInit

beforeEach(async () => {
  await createOwner()
  ci = await restrictedTo('alpine:hello*')
})

async function restrictedTo(...packages: string[]): Promise<HeadersInit> {
  const { headers } = await tokenOf('acme', { scopes: ['write'], packages })
  return headers
}

type Info = Readonly<Record<string, string | readonly string[]>>
const hello = (info: Info, version = '1-r0') => buildApk({ name: 'hello', version, info })
const OTHER = MAIN.replace('main', 'other')

describe('a token for hello*', () => {
  it.each<[string, Info, string]>([
    ['a plain name', { provides: 'victim=9' }, 'provides alpine:victim'],
    ['a plain name among its own', { provides: ['hello-a', 'victim'] }, 'provides alpine:victim'],
    [
      'a name with a priority',
      { provides: 'victim', provider_priority: '9' },
      'provides alpine:victim',
    ],
    [
      'a library with a priority',
      { provides: 'so:a.so.1=1', provider_priority: '9' },
      'provides alpine:so:a.so.1',
    ],
    ['to come with another', { install_if: 'victim' }, 'install_if alpine:victim'],
    [
      'to come with another and its own',
      { install_if: 'hello victim=1-r0' },
      'install_if alpine:victim',
    ],
    ['to come without another', { install_if: '!victim' }, 'install_if alpine:victim'],
    [
      'to come with a library',
      { install_if: 'so:libc.musl-x86_64.so.1' },
      'install_if alpine:so:libc',
    ],
    ['to replace another', { replaces: 'victim' }, 'replaces alpine:victim'],
    ['to replace another by version', { replaces: 'victim<2' }, 'replaces alpine:victim'],
    ['to replace what is no name', { replaces: '=1' }, 'replaces alpine:'],
    ['to be of the sources of another', { origin: 'victim' }, 'origin alpine:victim'],
  ])('may not claim %s', async (_, info, what) => {
    const { status, text } = await put(hello(info), MAIN, ci)
    expect([status, text]).toEqual([
      403,
      expect.stringMatching(`^the access token may not write ${what}.*, only alpine:hello\\*$`),
    ])
    await expectNothing()
  })

  it('may claim what its patterns cover, and what is found in files', async () => {
    const info = {
      provides: ['hello-tool=1', 'so:libhello.so.1=1', 'cmd:hello=1', 'pc:hello=1'],
      install_if: 'hello-base',
      replaces: 'hello-old',
      origin: 'hello-all',
    }
    expect((await put(hello(info), MAIN, ci)).status).toBe(201)
    const named = await restrictedTo('alpine:hello*', 'alpine:mail-server', 'alpine:py3.12:*')
    const provides = ['mail-server', 'py3.12:hello']
    const more = { provides, provider_priority: '9', install_if: 'mail-server' }
    expect((await put(hello(more, '2-r0'), MAIN, named)).status).toBe(201)
    await expectConsistent()
  })

  it('may not claim a library, a command or a module that another package has there', async () => {
    await publish({ name: 'victim', info: { provides: ['so:libv.so.1=1', 'cmd:v=1', 'pc:v=1'] } })
    for (const name of ['so:libv.so.1', 'cmd:v', 'pc:v']) {
      const { status, text } = await put(hello({ provides: ['cmd:hello', name] }), MAIN, ci)
      expect([status, text]).toEqual([
        403,
        `the access token may not write provides alpine:${name}, which the package victim has there, only alpine:hello*`,
      ])
    }
    await expectConsistent()
    const both = hello({ provides: ['cmd:v', 'so:libv.so.1'] })
    expect((await put(both, OTHER, ci)).status).toBe(201)
    await answerOf(`${MAIN}/x86_64/victim-1.0-r0.apk`, { method: 'DELETE', headers: ADMIN })
    expect((await put(both, MAIN, ci)).status).toBe(201)
  })

  it('is held by the name before a tag, whatever follows it', async () => {
    const suffix = await restrictedTo('alpine:*hello')
    const { status, text } = await put(hello({ replaces: 'victim@hello' }), MAIN, suffix)
    expect([status, text]).toEqual([403, expect.stringContaining('replaces alpine:victim,')])
  })

  it('goes on with the names that its own packages have', async () => {
    const info = { provides: ['so:libhello.so.1=1', 'cmd:hello'] }
    for (const version of ['1-r0', '2-r0', '3-r0'])
      expect((await put(hello(info, version), MAIN, ci)).status).toBe(201)
    const sub = buildApk({ name: 'hello-libs', info })
    expect((await put(sub, MAIN, ci)).status).toBe(201)
  })

  it('never takes a name of a group that comes at once', async () => {
    const victim = buildApk({ name: 'victim', info: { provides: 'cmd:v=1' } })
    const rivals = Array.from({ length: 6 }, (_, at) =>
      put(hello({ provides: 'cmd:v=2' }, `${at}-r0`), MAIN, ci),
    )
    const [first, ...all] = await Promise.all([put(victim), ...rivals])
    expect(first?.status).toBe(201)
    expect(all.every(({ status }) => status === 201 || status === 403)).toBe(true)
    expect((await put(hello({ provides: 'cmd:v=2' }, '9-r0'), MAIN, ci)).status).toBe(403)
    await expectConsistent()
  })
})

it('other tokens claim what they like', async () => {
  await publish({ name: 'victim', info: { provides: 'cmd:v=1' } })
  const own = { install_if: 'victim', replaces: 'victim', origin: 'victim' }
  const info = { provides: ['victim', 'cmd:v'], ...own }
  const grants = [{}, { repositories: ['alpine:edge/main'] }, { packages: ['alpine:*'] }]
  for (const [at, grant] of grants.entries()) {
    const { headers } = await tokenOf('acme', { scopes: ['write'], ...grant })
    expect((await put(hello(info, `${at + 1}-r0`), MAIN, headers)).status).toBe(201)
  }
  expect((await put(hello(info, '9-r0'))).status).toBe(201)
})
