// The plugin for Vitest that plants faults, and the one place where their texts are replaced.
import { join } from 'node:path'
import type { Plugin } from 'vitest/config'
import { CHANGES, type Change } from './near-faults.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Plants all of them, each of which does nothing until a test has chosen it. */
export function plantFaults(): Plugin {
  return {
    name: 'planted-faults',
    // Before the types are taken out.
    enforce: 'pre',
    transform(code, id) {
      const here = CHANGES.filter(({ file }) => id.split('?')[0] === join(ROOT, file))
      return here.length === 0 ? undefined : here.reduce(plant, code)
    },
  }
}

/** @throws Error where the text is not there, or twice */
export function plant(code: string, { file, text, replacement }: Change): string {
  const [before, after, ...more] = code.split(text)
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`"${text}" is not once in ${file}`)
  }
  return `${before}${replacement}${after}`
}
