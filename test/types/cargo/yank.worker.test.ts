import { beforeEach, describe, expect, it } from 'vitest'
import { createOwner, send, tokenOf } from '../../support/worker/registry.ts'
import { ask, CRATES, mustPublish } from './client.ts'
import { indexPath, readIndex } from './index-reader.ts'

beforeEach(() => createOwner())

const yankedIn = async (name: string) =>
  Object.fromEntries((await readIndex(name)).map((line) => [line.vers, line.yanked]))
const yank = (path: string, headers?: HeadersInit) =>
  ask('DELETE', `${CRATES}/${path}/yank`, headers === undefined ? {} : { headers })
const unyank = (path: string) => ask('PUT', `${CRATES}/${path}/unyank`)
const highest = async () => {
  const { text } = await ask('GET', `${CRATES}?q=hello`)
  return (JSON.parse(text) as { crates: { max_version: string }[] }).crates[0]?.max_version
}

describe('a yanked version', () => {
  beforeEach(async () => {
    for (const version of ['1.0.0', '1.1.0+b.7']) await mustPublish({ name: 'Hello_w', version })
  })

  it('is said to be so in the index at once, until it is undone', async () => {
    const before = await send(indexPath('hello_w'))
    const text = await before.text()
    expect((await yank('Hello_w/1.1.0+b.7')).said).toBe('200 {"ok":true}')
    expect(await yankedIn('hello_w')).toEqual({ '1.0.0': false, '1.1.0+b.7': true })
    const etag = before.headers.get('etag') ?? ''
    const again = await send(indexPath('hello_w'), { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(200)
    expect(await again.text()).toBe(
      text.replace(/("vers":"1\.1\.0.*)"yanked":false/, '$1"yanked":true'),
    )
    const dates = [before, again].map(({ headers }) =>
      Date.parse(headers.get('last-modified') ?? ''),
    )
    expect((dates[1] ?? 0) - (dates[0] ?? 0)).toBeGreaterThanOrEqual(1000)
    expect((await unyank('Hello_w/1.1.0+b.7')).said).toBe('200 {"ok":true}')
    const undone = await send(indexPath('hello_w'))
    expect(await undone.text()).toBe(text)
  })

  it('may be yanked twice, by any build and any spelling, and changes nothing the second time', async () => {
    await yank('Hello_w/1.1.0')
    const first = (await send(indexPath('hello_w'))).headers.get('etag')
    expect((await yank('hello-w/1.1.0+other')).said).toBe('200 {"ok":true}')
    expect((await send(indexPath('hello_w'))).headers.get('etag')).toBe(first)
  })

  it('is not the latest any more, and can be downloaded all the same', async () => {
    expect(await highest()).toBe('1.1.0+b.7')
    await yank('Hello_w/1.1.0')
    expect(await highest()).toBe('1.0.0')
    const crate = await send(`${CRATES}/Hello_w/1.1.0+b.7/download`)
    expect((await crate.arrayBuffer()).byteLength).toBeGreaterThan(100)
    expect(crate.status).toBe(200)
    await yank('Hello_w/1.0.0')
    expect(await highest()).toBe('1.1.0+b.7')
  })

  it('has to be there, and to be its token`s to write', async () => {
    for (const path of [
      'Hello_w/2.0.0',
      'other/1.0.0',
      'Hello_w/1.0',
      '1/1.0.0',
      'Hello_w/v1.0.0',
    ]) {
      expect((await yank(path)).said).toMatch(/^404 there is no version ".*" of a crate ".*" here$/)
      expect((await unyank(path)).status).toBe(404)
    }
    const { headers } = await tokenOf('acme', { scopes: ['write'], packages: ['cargo:other*'] })
    expect((await yank('Hello_w/1.0.0', headers)).said).toMatch(
      /^403 the access token may not write/,
    )
    const read = await tokenOf('acme', { scopes: ['read'] })
    expect((await yank('Hello_w/1.0.0', read.headers)).status).toBe(403)
    expect((await yank('Hello_w/1.0.0', {})).said).toMatch(
      /^401 credentials needed: store an access/,
    )
    expect(await yankedIn('hello_w')).toEqual({ '1.0.0': false, '1.1.0+b.7': false })
  })

  it('may have the largest numbers that cargo reads', async () => {
    const max = '18446744073709551615'
    const version = `${max}.${max}.${max}`
    await mustPublish({ name: 'Hello_w', version })
    expect(await highest()).toBe(version)
    expect((await yank(`Hello_w/${version}`)).said).toBe('200 {"ok":true}')
    expect(await highest()).toBe('1.1.0+b.7')
  })

  it('is so once, whatever many do at once', async () => {
    const both = Array.from({ length: 8 }, (_, at) =>
      at % 2 === 0 ? yank('Hello_w/1.0.0') : unyank('Hello_w/1.0.0'),
    )
    for (const { said } of await Promise.all(both)) expect(said).toBe('200 {"ok":true}')
    await yank('Hello_w/1.0.0')
    expect(await yankedIn('hello_w')).toEqual({ '1.0.0': true, '1.1.0+b.7': false })
  })
})
