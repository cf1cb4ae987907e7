// A path of every endpoint: what its parameters are in tests that go through all of them.
import { createHash } from 'node:crypto'
import { parametersOf, samples } from '../../types/samples.ts'

/** A value for every parameter that a path of no type can have; a new one has to be added here. */
const PARAMETERS = {
  id: 'absent',
  digest: '0123456789abcdef.css',
  table: 'owner',
  repo: 'website',
  part: 'blobs',
  hour: '2026010100',
  object: '00000000-0000-7000-8000-000000000000',
  type: samples[0]?.type ?? '',
  name: 'hello',
  version: '1-r0',
  sha256: createHash('sha256')
    .update(samples[0]?.first.bytes ?? '')
    .digest('hex'),
}

/** @param template in Hono's syntax */
export function pathOf(template: string): string {
  const parameters: Readonly<Record<string, string>> = { ...PARAMETERS, ...parametersOf(template) }
  return template.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => {
    const value = parameters[name]
    if (value === undefined) throw new Error(`no value for the parameter ${name} of ${template}`)
    return value
  })
}
