import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { genericUsage } from '../../../src/types/generic/usage.ts'
import type { UsagePlace } from '../../../src/types/type.ts'

const place: UsagePlace = {
  origin: 'https://cairn.test',
  owner: 'acme',
  visibility: 'public',
  keyFiles: [],
  packageName: 'tool',
  version: '1.0',
  fileName: 'tool.tar.gz',
  file: { version: '1.0', name: 'tool.tar.gz' },
}

const textOf = (kind: 'install' | 'publish', more: Partial<UsagePlace> = {}) =>
  genericUsage[kind]({ ...place, ...more })
    .flatMap(({ snippets }) => snippets.map(({ text }) => text))
    .join('')

describe('the lines to copy', () => {
  it('fetch and publish the file, with a token where one is needed', () => {
    const url = 'https://cairn.test/api/packages/acme/generic/tool/1.0/tool.tar.gz'
    expect(textOf('install')).toBe(`curl --fail-with-body -O ${url}\n`)
    expect(textOf('install', { visibility: 'private' })).toBe(
      `curl --fail-with-body -u "me:$CAIRN_TOKEN" -O ${url}\n`,
    )
    expect(textOf('publish')).toBe(
      `curl --fail-with-body -u "me:$CAIRN_TOKEN" -T tool.tar.gz ${url}\n`,
    )
  })

  it('are words of a shell, whatever the names are', () => {
    const hostile = { version: `1'; $(touch x) #`, fileName: "a'b $(id)`id`" }
    const words = execFileSync(
      'sh',
      ['-c', `set -- ${textOf('publish', hostile).trim()}; printf '%s\\n' "$@"`],
      {
        encoding: 'utf8',
        env: { CAIRN_TOKEN: 'token' },
      },
    )
    expect(words.trimEnd().split('\n')).toEqual([
      'curl',
      '--fail-with-body',
      '-u',
      'me:token',
      '-T',
      hostile.fileName,
      `https://cairn.test/api/packages/acme/generic/tool/${encodeURIComponent(hostile.version)}/${encodeURIComponent(hostile.fileName)}`,
    ])
  })
})
