// Yanking: a version that is yanked is chosen by nobody any more, and stays for those who have it in a lock file.
import { authorOf } from '../../core/access/principal.ts'
import { RegistryError } from '../../core/errors.ts'
import { setMarks } from '../../core/packages/marks.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { jsonContent, type Operation, objectSchema } from '../../http/operation.ts'
import { requireChange } from '../../http/package-change.ts'
import { requireWritable } from '../../http/publication.ts'
import { absent, findNames, TYPE, VERSION, VERSION_PARAMETERS } from './names.ts'

/** The mark of a version; its value says nothing more. */
export const YANKED = 'cargo.yanked'

const OPERATION: Omit<Operation, 'id'> = {
  tag: TYPE,
  path: VERSION_PARAMETERS,
  answers: {
    200: {
      description: 'Done, or so already',
      content: jsonContent(objectSchema('CargoDone', { ok: { const: true } })),
    },
  },
  faults: ['outcome-unknown'],
}

export const markEndpoints: readonly Endpoint[] = [
  ownedEndpoint({
    method: 'DELETE',
    path: `${VERSION}/yank`,
    access: 'write',
    summary: 'Yank a version',
    operation: { ...OPERATION, id: 'yankCargoVersion' },
    handler: (call) => mark(call, true),
  }),
  ownedEndpoint({
    method: 'PUT',
    path: `${VERSION}/unyank`,
    access: 'write',
    summary: 'Undo that a version is yanked',
    operation: { ...OPERATION, id: 'unyankCargoVersion' },
    handler: (call) => mark(call, false),
  }),
]

async function mark(call: OwnedCall, yanked: boolean): Promise<Response> {
  const { env, owner, params, principal } = call
  const names = findNames(params)
  const detail = absent(params)
  requireWritable(call, { type: TYPE, repository: null, packageName: names?.packageName })
  if (names === undefined) throw new RegistryError({ code: 'not-found', detail })
  const { packageName, version } = names
  const value = yanked ? '1' : null
  const outcome = await setMarks(
    env.DB,
    { ownerId: owner.id, type: TYPE },
    { packageName, marks: [{ version, name: YANKED, value, withdraws: true }] },
    { changeId: crypto.randomUUID(), createdBy: authorOf(principal) },
  )
  requireChange(outcome, detail)
  return Response.json({ ok: true }, { headers: { 'cache-control': 'no-store' } })
}
