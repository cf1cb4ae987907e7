// Fills a running registry by HTTP with what the pages have to show: owners of every kind, packages
// that need each other, several versions, branches and architectures, and texts that try to break out.
import { type ApkSpec, buildApk } from '../../types/alpine/builder.ts'

export interface Registry {
  readonly url: string
  readonly adminToken: string
}

/** Text that would run or break the page if it were not escaped. */
export const HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>'

type Info = NonNullable<ApkSpec['info']>

const info = (description: string, more: Info = {}): Info => ({
  pkgdesc: description,
  url: 'https://greet.example/project',
  license: 'MIT',
  origin: 'greet',
  maintainer: 'Ada Example <ada@greet.example>',
  commit: '5f1c7d6f0b2b4a7f9d3e8a1c2b3d4e5f60718293',
  builddate: '1790000000',
  ...more,
})

const NATIVE = ['x86_64', 'aarch64'] as const

function specs(version: string): ApkSpec[] {
  const library = (arch: string): ApkSpec => ({
    name: 'libgreet',
    version,
    arch,
    info: info('A library that greets in forty languages', {
      depend: [`so:libc.musl-${arch}.so.1`, 'tzdata'],
      provides: [`so:libgreet.so.1=1.${version.split('.')[1]}`, 'pc:greet=1.4.0'],
    }),
    files: [{ path: 'usr/lib/libgreet.so.1', content: `ELF ${arch} ${version}` }],
  })
  const program = (arch: string): ApkSpec => ({
    name: 'greet',
    version,
    arch,
    info: info('Greets people, by name and in their own language', {
      depend: [
        'so:libgreet.so.1',
        `so:libc.musl-${arch}.so.1`,
        `greet-data>=${version}`,
        '!oldgreet',
      ],
      provides: [`cmd:greet=${version}`, `cmd:greetd=${version}`],
    }),
    files: [{ path: 'usr/bin/greet', content: `ELF ${arch} ${version}` }],
  })
  return [
    ...NATIVE.flatMap((arch) => [library(arch), program(arch)]),
    {
      name: 'greet-data',
      version,
      arch: 'noarch',
      info: info('Names and greetings for greet'),
      files: [{ path: 'usr/share/greet/names', content: 'Ada\n' }],
    },
    {
      name: 'greet-doc',
      version,
      arch: 'noarch',
      info: info('Manual pages of greet', { install_if: ['docs', `greet=${version}`] }),
      files: [{ path: 'usr/share/man/man1/greet.1', content: '.TH GREET 1\n' }],
    },
  ]
}

const HELLO: ApkSpec = {
  name: 'hello',
  version: '1.0.0-r0',
  arch: 'noarch',
  info: info('An example package that says hello', { origin: 'hello', depend: 'greet' }),
}

const WEIRD: ApkSpec = {
  name: 'weird',
  version: '0.1-r0',
  arch: 'noarch',
  info: info(`A description like ${HOSTILE}`, { url: 'javascript:alert(3)', license: HOSTILE }),
}

/** Public `acme` with everything, public `quiet` with nothing, private `vault` with one package. */
export async function seed(registry: Registry): Promise<void> {
  await putOwner(registry, 'acme', 'public')
  await putOwner(registry, 'quiet', 'public')
  await putOwner(registry, 'vault', 'private')
  for (const spec of specs('1.4.0-r0')) await publish(registry, 'acme/alpine/v3.22/main', spec)
  for (const spec of specs('1.4.0-r0')) await publish(registry, 'acme/alpine/edge/main', spec)
  for (const spec of specs('1.5.2-r1')) await publish(registry, 'acme/alpine/edge/main', spec)
  for (const spec of [HELLO, WEIRD]) await publish(registry, 'acme/alpine/edge/main', spec)
  const handbook = '/api/packages/acme/generic/handbook/2026-11/Read%20me.txt'
  await request(registry, 'PUT', handbook, 'Read this first.\n')
  await publish(registry, 'vault/alpine/edge/main', { ...HELLO, name: 'concealed' })
}

async function putOwner(registry: Registry, name: string, visibility: string): Promise<void> {
  await request(registry, 'PUT', `/api/v1/owners/${name}`, JSON.stringify({ visibility }))
}

async function publish(registry: Registry, place: string, spec: ApkSpec): Promise<void> {
  await request(registry, 'PUT', `/api/packages/${place}`, buildApk(spec))
}

async function request(
  { url, adminToken }: Registry,
  method: string,
  path: string,
  body: string | Uint8Array,
): Promise<void> {
  const headers = { authorization: `Bearer ${adminToken}` }
  const response = await fetch(`${url}${path}`, { method, headers, body: body as BodyInit })
  if (response.status !== 201) throw new Error(`${method} ${path}: ${await response.text()}`)
}
