// Types of the API's document, in which bytes are a Blob: node generate.mjs DOCUMENT OUTPUT.
import { readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'

const [document, output] = process.argv.slice(2)
const BYTES = ts.factory.createTypeReferenceNode('Blob')
const types = await openapiTS(JSON.parse(await readFile(document, 'utf8')), {
  transform: (schema) => (schema.format === 'binary' ? BYTES : undefined),
})
await writeFile(output, astToString(types))
