// /api/v1/deployment/check: verifies what belongs to no repository, and puts rows right.
import { repairLists } from '../core/blobs/lists.ts'
import { checkDeployment, repairRows } from '../core/deployment/check.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { COUNT, jsonContent, listSchema, nullable, objectSchema, TEXT } from '../http/operation.ts'
import { findPackageType } from '../types/registration.ts'
import { DEPLOYMENT } from './bucket.ts'
import { json } from './json.ts'

const PAGE = {
  files_checked: COUNT,
  problems: listSchema(objectSchema('DeploymentProblem', { subject: TEXT, problem: TEXT })),
  next: { ...nullable(TEXT), description: 'Where to go on; null at the end.' },
}

const DEPLOYMENT_SCHEMA = objectSchema('DeploymentCheck', PAGE)
const LISTS_SCHEMA = objectSchema('RepairedLists', { lists_made: COUNT, ...PAGE })

export const deploymentCheckEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: `${DEPLOYMENT}/check`,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'Verify rows, and the objects of files without a repository; page by page',
    operation: {
      id: 'checkDeployment',
      tag: 'deployment',
      query: { after: { description: 'The `next` of the page before.', schema: TEXT } },
      answers: { 200: { description: 'What was found', content: jsonContent(DEPLOYMENT_SCHEMA) } },
    },
    handler: async ({ env, url }) => {
      const after = url.searchParams.get('after') ?? ''
      const { files, problems, next } = await checkDeployment(env.DB, env.BLOBS, after)
      return json({ files_checked: files, problems, next })
    },
  },
  {
    method: 'POST',
    path: `${DEPLOYMENT}/check`,
    access: 'deployment-admin',
    summary: 'Put rows right that refer to nothing, or to which nothing refers',
    operation: {
      id: 'repairDeployment',
      tag: 'deployment',
      answers: {
        200: {
          description: 'Done',
          content: jsonContent(objectSchema('RepairedDeployment', { rows_changed: COUNT })),
        },
      },
    },
    handler: async ({ env }) => json({ rows_changed: await repairRows(env.DB, Date.now()) }),
  },
  {
    method: 'POST',
    path: `${DEPLOYMENT}/check/lists`,
    access: 'deployment-admin',
    summary:
      'Make lists of what packages hold anew, where they are damaged or missing; page by page',
    operation: {
      id: 'repairLists',
      tag: 'deployment',
      description: 'They are made of the stored bytes, by the types that keep such lists.',
      query: { after: { description: 'The `next` of the page before.', schema: TEXT } },
      answers: { 200: { description: 'Done', content: jsonContent(LISTS_SCHEMA) } },
    },
    handler: async ({ env, url }) => {
      const after = url.searchParams.get('after') ?? ''
      const makerOf = (type: string) => findPackageType(type)?.listContents
      const { files, made, problems, next } = await repairLists(env.DB, env.BLOBS, makerOf, after)
      return json({ files_checked: files, lists_made: made, problems, next })
    },
  },
]
