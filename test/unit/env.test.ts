import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import { expect, it } from 'vitest'
import { type Env, rememberMsOf } from '../../src/env.ts'

it('has places remember for 10 seconds, by itself and by wrangler.toml', () => {
  const { vars } = parse(readFileSync('wrangler.toml', 'utf8'))
  expect(vars).toMatchObject({ REMEMBER_SECONDS: 10 })
  expect([{}, vars].map((variables) => rememberMsOf(variables as unknown as Env))).toEqual([
    10_000, 10_000,
  ])
})
