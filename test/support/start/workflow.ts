// What a runner makes of the Actions workflow that docs/publish.md shows: a script of the steps that run
// commands, with their environment. Actions and expressions that are not known here are refused.
import { parseYaml } from './yaml.ts'

interface Workflow {
  jobs: { publish: { steps: Step[] } }
}

interface Step {
  uses?: string
  run?: string
  env?: Record<string, string>
}

/** By name, what stands for an expression: `secrets.TOKEN`. */
type Values = Readonly<Record<string, string>>

/** For a shell that ends at the first command that fails, as a runner's does. */
export function readJob(workflow: string, values: Values): string {
  const { jobs } = parseYaml(workflow) as unknown as Workflow
  return jobs.publish.steps.map((step) => scriptOf(step, values)).join('\n')
}

function scriptOf({ uses, run, env = {} }: Step, values: Values): string {
  if (uses === 'actions/checkout@v4') return ''
  if (run === undefined) throw new Error(`the workflow uses ${uses}`)
  const exports = Object.entries(env).map(
    ([name, text]) => `export ${name}='${replaceExpressions(text, values)}'\n`,
  )
  return `${exports.join('')}${run}`
}

function replaceExpressions(text: string, values: Values): string {
  return text.replaceAll(/\$\{\{ (\S+) \}\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`the workflow has no ${name}`)
    return value
  })
}
