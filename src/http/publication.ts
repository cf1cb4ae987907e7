// Publishing over HTTP, for every type: limits before the body, the token's restrictions, one answer
// for each outcome. What a type adds is how it reads the upload and what it calls things.
import { type Claims, claimRefusal, contestedBy } from '../core/access/claims.ts'
import { restrictionRefusal, type WriteTarget } from '../core/access/decide.ts'
import type { Inspection } from '../core/blobs/stage.ts'
import type { UploadedContent } from '../core/digests.ts'
import { FURTHER_DIGESTS, type FurtherDigest } from '../core/digests.ts'
import { type Fault, type FaultCode, invalidRequest, RegistryError } from '../core/errors.ts'
import { restOf } from '../core/near/facts.ts'
import { type Published, publishFile } from '../core/packages/publish.ts'
import { MAX_TAGS } from '../core/packages/tags.ts'
import { limitsOf, objectsOf, rememberMsOf } from '../env.ts'
import type { ByteSource } from '../formats/bytes.ts'
import { quote } from '../formats/format-error.ts'
import { UPLOAD_LIMITS } from './body-limits.ts'
import {
  algorithmsOf,
  bodyDigestsOf,
  type ClaimedDigest,
  checkDigests,
  fileDigestsOf,
} from './claimed-digests.ts'
import type { OwnedCall } from './endpoint.ts'
import { type Operation, TEXT } from './operation.ts'
import { refusePackage } from './package-refusal.ts'
import { packagePagePath } from './path.ts'
import type {
  ExaminedPublicationCall,
  PublicationCall,
  PublicationWording,
} from './publication-call.ts'
import { refuseFull, refuseFullDatabase } from './quota.ts'
import { refuseRevoked } from './revocation.ts'
import { isBare, openUpload, openWrapped, type UploadBody } from './upload-body.ts'

const LINE = { contentType: 'text/plain', schema: TEXT } as const

/** What a publish can be answered with, besides what is refused. */
export const PUBLISHED: Operation['answers'] = {
  200: {
    description: 'The same bytes were published already, and `if-exists=same`',
    content: LINE,
  },
  201: {
    description: 'Published, and visible to everybody',
    content: LINE,
    headers: {
      Location: { description: 'The path of the file.', schema: TEXT },
      Link: { description: 'As `about` the page of the version.', schema: TEXT },
    },
  },
}

/** What the document says of the query of a publish. */
export const PUBLISH_QUERY: NonNullable<Operation['query']> = {
  'if-exists': {
    description: 'With `same`, the same bytes again are 200 and no conflict.',
    schema: { type: 'string', enum: ['same'] },
  },
}

export const PUBLISH_FAULTS: readonly FaultCode[] = [
  ...(['invalid-request', 'invalid-name', 'invalid-package', 'body-timeout'] as const),
  ...(['already-published', 'file-exists', 'body-too-large', 'quota-exceeded'] as const),
  ...(['outcome-unknown', 'storage-full'] as const),
]

/** What every file adds, whatever it is. */
const SMALLEST = { files: 1, metadata_bytes: 1 }

/** @throws RegistryError */
export function publishUpload<T>(
  call: OwnedCall,
  publication: PublicationCall<T>,
): Promise<Response>
/** @throws RegistryError */
export function publishUpload<I, T>(
  call: OwnedCall,
  publication: ExaminedPublicationCall<I, T>,
): Promise<Response>
export async function publishUpload<I, T>(
  call: OwnedCall,
  publication: PublicationCall<T> | ExaminedPublicationCall<I, T>,
): Promise<Response> {
  const { type, into, packageName, transform, describe, wording, respond } = publication
  const sameIsFine = parseIfExists(call.url)
  const claims = claimsAboutFile(call, publication.body)
  const repository = 'repository' in into ? into.repository : null
  requireWritable(call, { type, repository, packageName })
  refuseFullDatabase(call)
  // What takes the place of another file may need no room: its batch knows.
  const grows = !('replaces' in into)
  if (grows) await refuseFull(call, SMALLEST)
  const upload = await openFile(call, publication.body)
  if (grows && upload.length !== undefined) await refuseFull(call, { file_bytes: upload.length })
  const inspectAllowed = async (source: ByteSource) => {
    const inspection = await inspectOnce<I, T>(publication, source, (found) =>
      requireClaims(call, type, publication.claims?.(found)),
    )
    await refuseRevoked(call)
    const verify = (content: UploadedContent) => {
      checkDigests(claims, content, 'file')
      inspection.verify?.(content)
    }
    return { ...inspection, verify }
  }
  const { file, published } = await publishFile({
    db: call.env.DB,
    bucket: call.env.BLOBS,
    objects: objectsOf(call.env),
    place: { owner: call.owner, type, into },
    upload: {
      ...{ ...upload, limits: UPLOAD_LIMITS, inspect: inspectAllowed },
      digests: digestsFor(publication.digests, claims),
      transform,
      contentsOf: publication.contentsOf,
    },
    limits: limitsOf(call.env),
    rest: { milliseconds: restOf(rememberMsOf(call.env)), over: () => refuseRevoked(call) },
    describe: (found, blob) => {
      const claims = publication.claims?.(found)
      const contested = claims && contestedBy(call.principal, type, claims)
      const file = describe(found, blob)
      return contested === undefined ? file : { ...file, contested }
    },
    further: publication.further,
    waitUntil: call.waitUntil,
  })
  if (published.outcome === 'published' && respond !== undefined) return respond(published, file)
  const about = aboutLink(packagePagePath(call.owner.name, type, file.packageName, file.version))
  return answer(published, wording(file), sameIsFine, about)
}

/** Those about a body that holds more than the file are checked where that is read. */
function claimsAboutFile(
  { file: chosen, request }: OwnedCall,
  unwrap: unknown,
): readonly ClaimedDigest[] {
  const ofFile = fileDigestsOf(request.headers)
  const ofBody = bodyDigestsOf(request.headers)
  const bodyIsFile = chosen === undefined && unwrap === undefined && isBare(request)
  return bodyIsFile ? [...ofBody, ...ofFile] : ofFile
}

function digestsFor(
  taken: readonly FurtherDigest[] = FURTHER_DIGESTS,
  claims: readonly ClaimedDigest[],
): readonly FurtherDigest[] {
  return [...new Set([...taken, ...algorithmsOf(claims)])]
}

async function openFile(
  { file: chosen, request }: OwnedCall,
  unwrap: ((source: ByteSource) => ByteSource) | undefined,
): Promise<UploadBody> {
  if (chosen !== undefined) return { body: chosen, length: undefined }
  return unwrap === undefined
    ? openUpload(request, UPLOAD_LIMITS)
    : openWrapped(request, UPLOAD_LIMITS, unwrap)
}

async function inspectOnce<I, T>(
  publication: PublicationCall<T> | ExaminedPublicationCall<I, T>,
  source: ByteSource,
  /** Throws to refuse it. */
  approve: (found: T) => void,
): Promise<Inspection<T>> {
  if (publication.examine === undefined) {
    const { inspect, verify } = publication
    const result = await inspect(source).catch(refusePackage)
    approve(result)
    return { result, verify: verify && ((content) => verifyOnce(verify, result, content)) }
  }
  const { inspect, verify, examine } = publication
  const inspected = await inspect(source).catch(refusePackage)
  return {
    verify: verify && ((content) => verifyOnce(verify, inspected, content)),
    examine: async (stored) => {
      const examined = await examine(stored, inspected).catch(refusePackage)
      approve(examined)
      return examined
    },
  }
}

function verifyOnce<T>(
  verify: (found: T, content: UploadedContent) => void,
  found: T,
  content: UploadedContent,
): void {
  try {
    verify(found, content)
  } catch (error) {
    refusePackage(error)
  }
}

/** @throws RegistryError forbidden for a token that is restricted to something else */
export function requireWritable(
  { principal }: Pick<OwnedCall, 'principal'>,
  target: WriteTarget,
): void {
  const refusal = restrictionRefusal(principal, target)
  if (refusal !== undefined) throw new RegistryError(refusal)
}

/** @throws RegistryError forbidden for a restricted token that claims names of others */
function requireClaims({ principal }: OwnedCall, type: string, claims: Claims | undefined): void {
  const refusal = claims && claimRefusal(principal, type, claims)
  if (refusal !== undefined) throw new RegistryError(refusal)
}

/** RFC 6903 2: the page that is about the file's version. */
function aboutLink(path: string): { readonly link: string } {
  return { link: `<${path}>; rel="about"` }
}

/** The path of the page that an answer to a publish says is about the version. */
export function pageAbout(response: Response): string | undefined {
  return /^<([^>]+)>; rel="about"$/.exec(response.headers.get('link') ?? '')?.[1]
}

function answer(
  published: Published,
  wording: PublicationWording,
  sameIsFine: boolean,
  about: { readonly link: string },
) {
  const { what, place, location } = wording
  if (published.outcome === 'published') {
    return line(201, `published ${what} to ${place}${atRevision(published)}`, {
      location,
      ...about,
    })
  }
  if (published.outcome === 'exists' && published.sameBytes) {
    const text = `${what} is already published in ${place} with the same bytes${atRevision(published)}`
    if (sameIsFine) return line(200, text, about)
    throw new RegistryError({ code: 'already-published', detail: `${text}: nothing to do` })
  }
  throw new RegistryError(conflict(published, wording))
}

function conflict(published: Published, { what, place, advice }: PublicationWording): Fault {
  const of = 'part' in published && published.part
  const where = of ? ` for ${of}` : ''
  switch (published.outcome) {
    case 'retired': {
      const taken = `its name stays taken${of ? ` (for ${of})` : ''}`
      const detail = `${what} was removed from ${place}, which is immutable: ${taken}, ${advice}`
      return { code: 'file-exists', detail }
    }
    case 'version-exists':
      return { code: 'file-exists', detail: `the version of ${what} exists in ${place}: ${advice}` }
    case 'version-retired': {
      const detail = `${what} was removed from ${place}, where names stay taken: publish the bytes that it had, or ${advice}`
      return { code: 'file-exists', detail, removed: true }
    }
    case 'too-many-tags': {
      const detail = `${what} would have more than ${MAX_TAGS} tags in ${place}: remove some that nobody needs`
      return { code: 'invalid-request', detail }
    }
    case 'spelled-otherwise': {
      const detail = `${what} is of a package that ${place} has as ${quote(published.spelling)}: publish it under that spelling, or choose another name`
      return { code: 'file-exists', detail }
    }
    case 'version-absent':
      return { code: 'not-found', detail: `no such version in ${place} to add ${what} to` }
    default: {
      const detail = `${what} clashes with other bytes of that name and version, published in ${place}${where}: ${advice}`
      return { code: 'file-exists', detail }
    }
  }
}

function atRevision({ revision }: { readonly revision?: number }): string {
  return revision === undefined ? '' : `, revision ${revision}`
}

function line(status: number, text: string, headers: Record<string, string> = {}): Response {
  const plain = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(`${text}\n`, { status, headers: { ...plain, ...headers } })
}

function parseIfExists(url: URL): boolean {
  const value = url.searchParams.get('if-exists')
  if (value === null || value === 'same') return value === 'same'
  const detail = `if-exists=${quote(value)} is not known: use if-exists=same, or leave it out`
  throw invalidRequest(detail)
}
