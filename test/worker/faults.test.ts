// Faults in what an owner does that is not of one package type.
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { ADMIN, answerOf, tokenOf } from '../support/worker/registry.ts'
import { describeFaults, type Operation } from '../support/worker/survival.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'
import { samples, withNeighbour } from '../types/samples.ts'

const tokenCount = () => env.DB.prepare('SELECT count(*) AS n FROM access_token').first<number>('n')

const TOKENS = '/api/v1/owners/acme/tokens'
const COMMUNITY = MAIN.replace('main', 'community')
const EMPTY = '/api/v1/owners/acme/repositories/alpine/edge/community'
let tokenId = ''

const OWNER_OPERATIONS: Readonly<Record<string, Omit<Operation, 'samples'>>> = {
  'a new token': {
    run: () =>
      answerOf(TOKENS, {
        method: 'POST',
        headers: ADMIN,
        body: JSON.stringify({ name: 'a', scopes: ['read'] }),
      }),
    success: 201,
    done: async () => (await tokenCount()) === 1,
  },
  'the end of a token': {
    prepare: async () => {
      tokenId = (await tokenOf('acme', { scopes: ['read'] })).id
    },
    run: () => answerOf(`${TOKENS}/${tokenId}`, { method: 'DELETE', headers: ADMIN }),
    success: 204,
    done: async () => (await tokenCount()) === 0,
  },
  'the deletion of an empty repository': {
    prepare: async () => {
      await publish({ name: 'a', version: '1-r0' }, COMMUNITY)
      const path = `${COMMUNITY}/x86_64/a-1-r0.apk`
      expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
    },
    run: () => answerOf(EMPTY, { method: 'DELETE', headers: ADMIN }),
    success: 204,
    done: async () => (await answerOf(EMPTY, { headers: ADMIN })).status === 404,
  },
}

const present = samples.flatMap(withNeighbour).slice(0, 2)

describeFaults(
  Object.entries(OWNER_OPERATIONS).map(([title, operation]) => [
    title,
    { ...operation, samples: present },
  ]),
)
