// Builds an image as Docker would, of the Dockerfiles that docs/types/alpine.md shows: the base is an Alpine of
// the tests, ADD fetches by wget, RUN is run by its shell and gets build secrets by name, for that
// one command. Anything else in a Dockerfile is refused.
import type { ApkClient } from '../clients/found.ts'
import { type Alpine, createAlpine } from './alpine.ts'

/** The image, or throws what the command said that failed. */
export async function buildImage(
  dockerfile: string,
  apk: ApkClient,
  secrets: Readonly<Record<string, string>> = {},
): Promise<Alpine> {
  const [from, ...steps] = readInstructions(dockerfile)
  if (!/^FROM alpine:\d+\.\d+$/.test(from ?? '')) throw new Error(`not built here: ${from}`)
  const image = await createAlpine(apk)
  try {
    for (const step of steps) {
      const { code, stdout, stderr } = await image.run(scriptOf(step, secrets))
      if (code !== 0) throw new Error(`${step} ended with ${code}: ${stdout}${stderr}`)
    }
    return image
  } catch (error) {
    await image[Symbol.asyncDispose]()
    throw error
  }
}

/** Lines joined at their backslashes, without comments. */
function readInstructions(dockerfile: string): string[] {
  const lines = dockerfile.replaceAll(/\\\n/g, '').split('\n')
  return lines.filter((line) => line !== '' && !line.startsWith('#'))
}

function scriptOf(step: string, secrets: Readonly<Record<string, string>>): string {
  const [, url, folder] = /^ADD (http\S+) (\/\S*\/)$/.exec(step) ?? []
  if (url !== undefined) return `wget -q -P ${folder} ${url}`
  const [, id, variable, command] =
    /^RUN (?:--mount=type=secret,id=(\w+),env=(\w+) )?([^-].*)$/.exec(step) ?? []
  if (command === undefined) throw new Error(`not built here: ${step}`)
  if (id === undefined) return command
  // A secret that is not given is left out, unless it is marked as required.
  const secret = secrets[id]
  return secret === undefined ? command : `export ${variable}='${secret}'\n${command}`
}
