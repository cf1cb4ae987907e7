import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { csrfOf, FROM_HERE, type SignedIn, signIn } from '../support/worker/browser.ts'
import { answerOf, countRows, createOwner, listKeys, tokenOf } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { publish } from '../types/alpine/repository.ts'

const UPLOAD = '/acme/-/upload'
const hello = (version: string) => buildApk({ name: 'hello', version })
const broken = new Uint8Array(200_000)

let session: SignedIn
let csrf: string

async function signInWith(grant: Record<string, unknown>): Promise<void> {
  const { token } = await tokenOf('acme', grant)
  session = await signIn(token)
  csrf = await csrfOf(session)
}

beforeEach(async () => {
  await createOwner()
  await signInWith({ scopes: ['write'] })
})

interface Sent {
  readonly fields?: Record<string, string>
  readonly files?: readonly (readonly [name: string, bytes: Uint8Array])[]
  readonly headers?: Record<string, string>
}

function upload({ fields = {}, files = [], headers = {} }: Sent) {
  const body = new FormData()
  const all = { csrf, type: 'alpine', repository: 'edge/main', ...fields }
  for (const [name, value] of Object.entries(all)) body.append(name, value)
  for (const [name, bytes] of files) body.append('files', new Blob([bytes]), name)
  const sent = { ...session.headers, ...FROM_HERE, accept: 'text/html', ...headers }
  return answerOf(UPLOAD, { method: 'POST', headers: sent, body })
}

const page = (path = UPLOAD) =>
  answerOf(path, { headers: { ...session.headers, accept: 'text/html' } })

describe('the upload page', () => {
  it('offers the repositories that there are, and is kept by nobody', async () => {
    await publish({ name: 'a', version: '1-r0' })
    await publish({ name: 'a', version: '1-r0' }, '/api/packages/acme/alpine/v3.22/main')
    const { status, text, headers } = await page()
    expect([status, headers.get('cache-control')]).toEqual([200, 'private, no-store'])
    expect(text).toContain('<option value="edge/main">')
    expect(text).toContain('<option value="v3.22/main">')
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; .*connect-src 'self'/,
    )
    expect(text).not.toMatch(/<script>|style=|onclick=/)
  })

  it('is for who may write', async () => {
    await signInWith({ scopes: ['read'] })
    expect((await page()).status).toBe(403)
    const { status, headers } = await answerOf(UPLOAD, {
      headers: { accept: 'text/html' },
      redirect: 'manual',
    })
    expect([status, headers.get('location')]).toEqual([303, '/-/sign-in?next=%2Facme%2F-%2Fupload'])
  })
})

describe('a form with several files', () => {
  it('publishes each, and says of each what became of it', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    const { status, text } = await upload({
      files: [
        ['there.apk', hello('1-r0')],
        ['broken.apk', broken],
        ['new.apk', hello('2-r0')],
      ],
    })
    expect(status).toBe(207)
    expect(text).toContain('2 of 3 files are published.')
    const rows = [...text.matchAll(/class="name"[^>]*>([^<]+)<.*?class="badge[^"]*">([^<]+)</gs)]
    expect(rows.map(([, name, outcome]) => [name, outcome])).toEqual([
      ['there.apk', 'Already there'],
      ['broken.apk', 'Refused'],
      ['new.apk', 'Published'],
    ])
    expect(text).toMatch(/not an apk package|gzip/)
    expect(text).toContain('published hello 2-r0 x86_64 to acme/edge/main, revision 2')
    expect(await countRows()).toMatchObject({ package_file: 2, package_blob: 2 })
    const author = await env.DB.prepare(
      'SELECT created_by AS who FROM package_file WHERE name LIKE ?',
    )
      .bind('hello-2%')
      .first<string>('who')
    const id = await env.DB.prepare('SELECT id FROM access_token').first<string>('id')
    expect(author).toBe(id)
  })

  it('answers a script in JSON', async () => {
    const headers = { accept: 'application/json' }
    const good = await upload({ files: [['a.apk', hello('1-r0')]], headers })
    expect([good.status, JSON.parse(good.text)]).toEqual([
      200,
      {
        files: [
          {
            name: 'a.apk',
            outcome: 'published',
            page: '/acme/-/packages/alpine/hello/1-r0',
            status: 201,
            text: 'published hello 1-r0 x86_64 to acme/edge/main, revision 1',
          },
        ],
      },
    ])
    const other = buildApk({ name: 'hello', version: '1-r0', files: [] })
    const clash = await upload({ files: [['a.apk', other]], headers })
    expect([clash.status, JSON.parse(clash.text).files[0].outcome]).toEqual([409, 'refused'])
  })

  it('that breaks off keeps what was published before', async () => {
    const boundary = 'b'
    const part = (head: string, body: string) =>
      `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`
    const fields = Object.entries({ csrf, type: 'alpine', repository: 'edge/main' })
    const file = Buffer.from(hello('1-r0')).toString('latin1')
    const body = [
      ...fields.map(([name, value]) => part(`name="${name}"`, value)),
      part('name="files"; filename="a.apk"', file),
      part('name="files"; filename="b.apk"', 'cut').slice(0, -2),
    ].join('')
    const { status, text } = await answerOf(UPLOAD, {
      method: 'POST',
      headers: {
        ...session.headers,
        ...FROM_HERE,
        'content-type': `multipart/form-data; boundary=${boundary}`,
      },
      body: Buffer.from(body, 'latin1'),
    })
    expect(status).toBe(207)
    expect(text).toContain('1 of 2 files are published.')
    expect(text).toContain('the form ends before its closing boundary')
    expect(await countRows()).toMatchObject({ package_file: 1 })
  })

  it('is bound by what the token may', async () => {
    await signInWith({ scopes: ['write'], packages: ['other*'], repositories: ['edge/main'] })
    const files = [['a.apk', hello('1-r0')]] as const
    const wrongName = await upload({ files })
    expect(wrongName.status).toBe(403)
    expect(wrongName.text).toContain('may not write package alpine:hello, only other*')
    const wrongPlace = await upload({ files, fields: { repository: 'edge/testing' } })
    expect(wrongPlace.text).toContain('may not write to repository alpine:edge/testing')
    expect(await countRows()).toMatchObject({ package_file: 0, package_blob: 0 })
    expect(await listKeys('blobs/')).toEqual([])
  })
})

it('a form of a type without repositories asks for what its path has', async () => {
  expect((await page(`${UPLOAD}?type=generic`)).text).toMatch(/name="package".*name="version"/s)
  const fields = { type: 'generic', repository: '', package: 'Handbook', version: '1.0' }
  const files = [['read me.txt', new TextEncoder().encode('hello')]] as const
  const { status, text } = await upload({ fields, files })
  expect(status).toBe(200)
  expect(text).toMatch(/published .*read me.txt.* of Handbook/)
  const path = '/api/packages/acme/generic/handbook/1.0/read%20me.txt'
  expect((await answerOf(path)).text).toBe('hello')
  const removal = await answerOf('/acme/-/remove/generic/Handbook/1.0', session)
  expect([removal.status, removal.text.includes('Remove Handbook 1.0?')]).toEqual([200, true])
})

describe('a form is refused', () => {
  const files = [['a.apk', hello('1-r0')]] as const

  it.each([
    ['without its token', { fields: { csrf: '' } }, 403, /made for another session/],
    ['with a wrong token', { fields: { csrf: 'x' } }, 403, /made for another session/],
    ['from another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403, /own pages alone/],
    ['without a session', { headers: { cookie: '' } }, 401, /credentials needed|Please sign in/i],
    ['for an unknown type', { fields: { type: 'x' } }, 400, /not one of alpine/],
    ['without a repository', { fields: { repository: ' ' } }, 400, /field repository is empty/],
    ['with half a repository', { fields: { repository: 'main' } }, 400, /of the form branch\/repo/],
    ['with a bad repository', { fields: { repository: 'a/b c' } }, 400, /not a valid name/],
    ['with a third segment', { fields: { repository: 'a/b/c' } }, 400, /of the form/],
    ['without files', { files: [] }, 400, /No file was chosen/],
    [
      'with no file chosen',
      { files: [['', new Uint8Array()]] as const },
      400,
      /No file was chosen/,
    ],
  ])('%s', async (_, sent, status, says) => {
    const answer = await upload({ files, ...sent })
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(says)
    expect(await countRows()).toMatchObject({ package_file: 0, package_blob: 0 })
    expect(await listKeys('blobs/')).toEqual([])
  })

  it('of a session that is over, without the dialog that browsers have for passwords', async () => {
    for (const accept of ['text/html', 'application/json']) {
      const answer = await upload({ files, headers: { cookie: '', accept } })
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
        401,
        'Form realm="cairn"',
      ])
    }
    const page = await upload({ files, headers: { cookie: '' } })
    expect(page.text).toContain('href="/-/sign-in"')
  })

  it('with a token in a header: it is for browsers', async () => {
    const { headers } = await tokenOf('acme', { scopes: ['write'] })
    expect((await upload({ files, headers: { cookie: '', ...headers } })).status).toBe(403)
  })
})
