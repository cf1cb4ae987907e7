// PUT and DELETE of a tag. Tags also move with a publish that names them.
import { authorOf } from '../../core/access/principal.ts'
import { invalidRequest } from '../../core/errors.ts'
import { timeOrderedId } from '../../core/ids.ts'
import { moveTag, removeTag, type TagOutcome } from '../../core/packages/tags.ts'
import { limitsOf } from '../../env.ts'
import { quote } from '../../formats/format-error.ts'
import { kindOf } from '../../formats/text/json-value.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { jsonContent, TEXT } from '../../http/operation.ts'
import { refuseTag, requireChange } from '../../http/package-change.ts'
import { requireWritable } from '../../http/publication.ts'
import { readJson } from '../../http/request-body.ts'
import { DONE, done } from './dialect.ts'
import { LATEST } from './format/tag.ts'
import { readVersion } from './format/version.ts'
import {
  absent,
  foldVersion,
  packagePaths,
  parsePackage,
  parseTagName,
  TAG_PARAMETERS,
  TYPE,
} from './names.ts'

const TAG_PATHS = packagePaths('/dist-tags/:tag', '/-/package')

export const tagEndpoints: readonly Endpoint[] = [
  ownedEndpoint({
    method: 'PUT',
    ...TAG_PATHS,
    access: 'write',
    summary: 'Point a tag at a version',
    operation: {
      id: 'moveNpmTag',
      tag: TYPE,
      path: TAG_PARAMETERS,
      body: jsonContent({ ...TEXT, examples: ['1.0.0'] }),
      answers: DONE,
      faults: [
        'invalid-request',
        'invalid-name',
        'outcome-unknown',
        'body-too-large',
        'body-timeout',
      ],
    },
    handler: move,
  }),
  ownedEndpoint({
    method: 'DELETE',
    ...TAG_PATHS,
    access: 'write',
    summary: 'Remove a tag',
    operation: {
      id: 'removeNpmTag',
      tag: TYPE,
      path: TAG_PARAMETERS,
      answers: DONE,
      faults: ['invalid-request', 'invalid-name', 'outcome-unknown'],
    },
    handler: remove,
  }),
]

async function move(call: OwnedCall): Promise<Response> {
  const [packageName, tag] = namesOf(call)
  const version = await readJson(call)
  if (typeof version !== 'string' || readVersion(version) === undefined) {
    const sent = typeof version === 'string' ? quote(version) : kindOf(version)
    throw invalidRequest(`the body is ${sent} and no version: send one in JSON, such as "1.0.0"`)
  }
  const subject = { ownerId: call.owner.id, type: TYPE, packageName }
  return answer(
    call,
    await moveTag(
      call.env.DB,
      subject,
      tag,
      foldVersion(version),
      changeOf(call),
      limitsOf(call.env),
    ),
    version,
  )
}

async function remove(call: OwnedCall): Promise<Response> {
  const [packageName, tag] = namesOf(call)
  if (tag === LATEST) {
    const detail = `the tag ${LATEST} cannot be removed: without it nobody could install ${packageName} by its name; point it at another version`
    throw invalidRequest(detail)
  }
  const subject = { ownerId: call.owner.id, type: TYPE, packageName }
  return answer(call, await removeTag(call.env.DB, subject, tag, changeOf(call)))
}

/** Of what the path names, which the token must be allowed to write. */
function namesOf(call: OwnedCall): readonly [packageName: string, tag: string] {
  const packageName = parsePackage(call.params)
  requireWritable(call, { type: TYPE, repository: null, packageName })
  return [packageName, parseTagName(call.params)]
}

function changeOf({ principal }: OwnedCall) {
  return { changeId: timeOrderedId(Date.now()), createdBy: authorOf(principal) }
}

async function answer(call: OwnedCall, outcome: TagOutcome, version?: string): Promise<Response> {
  const { params } = call
  const { tag: _, ...ofPackage } = params
  if (outcome === 'too-many-tags') {
    throw invalidRequest('the package has as many tags as it may: remove one first, or move one')
  }
  if (outcome === 'no-room') await refuseTag(call, params.tag ?? '')
  const missing =
    outcome === 'version-absent' ? { ...ofPackage, version: version ?? '' } : ofPackage
  if (outcome !== 'moved' && outcome !== 'no-room') {
    requireChange(outcome, absent(outcome === 'tag-absent' ? params : missing))
  }
  return done()
}
