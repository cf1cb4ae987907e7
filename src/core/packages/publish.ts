// Publishing, from the body of a request to visible rows: staged, then committed, and what was staged
// in vain is dropped when it is certain that no row names it.
import type { OwnerRow } from '../access/decide.ts'
import { adoptOrDiscard } from '../blobs/adopt.ts'
import { discardObjects } from '../blobs/objects.ts'
import { stageUpload, type Upload } from '../blobs/stage.ts'
import type { StagedBlob } from '../blobs/staged-blob.ts'
import { addressOf, type RepositoryObjects } from '../commit/change.ts'
import { commitChange, type Settled } from '../commit/client.ts'
import { requireMatchingBucket } from '../deployment/marker.ts'
import { RegistryError } from '../errors.ts'
import type { Limits } from '../quota/quota.ts'
import { type CreateResult, type CreationRules, createFile } from './create.ts'
import { type CreateVersionResult, createVersion } from './create-version.ts'
import { type FurtherFile, stageFurther } from './further-files.ts'
import { type NewFile, requireStorableMetadata } from './new-file.ts'
import type { Rest } from './rest.ts'

export interface PublishPlace {
  readonly owner: OwnerRow
  readonly type: string
  /** The repository whose index lists the file, or how a file without one may come about. */
  readonly into: { readonly repository: string } | CreationRules
}

export interface Publication<T> {
  readonly db: D1Database
  readonly bucket: R2Bucket
  readonly objects: RepositoryObjects
  readonly place: PublishPlace
  readonly upload: Upload<T>
  /** The deployment's, for owners that have none of their own. */
  readonly limits: Limits
  /** Of names of no repository: a repository's commit has its own. */
  readonly rest: Rest
  /** What the upload turns out to be. Pure, and called once. */
  readonly describe: (inspected: T, blob: StagedBlob) => NewFile
  /** What comes with it or not at all; not in a repository, nor with `replaces`. */
  readonly further?: ((inspected: T, blob: StagedBlob) => readonly FurtherFile[]) | undefined
  /** The client may leave; the staged bytes must still find their end. */
  readonly waitUntil: (work: Promise<unknown>) => void
}

export type Published =
  | {
      readonly outcome: 'published' /** Of the repository, if there is one. */
      readonly revision?: number
    }
  | Extract<Settled, { outcome: 'retired' }>
  | {
      readonly outcome: 'exists'
      readonly sameBytes: boolean
      /** Of the repository; empty without one. */
      readonly part: string
      readonly revision?: number
    }
  | { readonly outcome: 'version-exists' | 'version-absent' | 'version-retired' }
  | { readonly outcome: 'too-many-tags' }
  | { readonly outcome: 'spelled-otherwise'; readonly spelling: string }

/**
 * @throws RegistryError whatever the upload, the type or the commit refuses with, outcome-unknown,
 *   bucket-mismatch, restoring
 */
export async function publishFile<T>(
  publication: Publication<T>,
): Promise<{ readonly file: NewFile; readonly published: Published }> {
  // Before the body is read: it would come in vain.
  await requireMatchingBucket(publication.db, publication.bucket)
  const { blob, inspected } = await stageUpload(publication.bucket, publication.upload)
  const file = publication.describe(inspected, blob)
  const further = publication.further?.(inspected, blob) ?? []
  const settled = settle(publication, file, further)
  publication.waitUntil(settled.catch(() => {}))
  return { file, published: await settled }
}

/** Commits, and drops the staged bytes when it is certain that no row names them. */
async function settle<T>(
  publication: Publication<T>,
  file: NewFile,
  further: readonly FurtherFile[],
): Promise<Published> {
  const { db, bucket, place, upload } = publication
  const files: [NewFile, ...NewFile[]] = [file]
  const unused = () =>
    discardObjects(
      bucket,
      files.map(({ blob }) => blob.r2Key),
    )
  try {
    files.push(...(await stageFurther(bucket, upload, further)))
    requireStorableMetadata(files)
    const published =
      'repository' in place.into
        ? await commit(publication, place.into.repository, file)
        : await create(publication, place.into, files)
    if (published.outcome === 'exists') {
      for (const { blob } of files) await adoptOrDiscard(db, bucket, blob)
    } else if (published.outcome !== 'published') await unused()
    return published
  } catch (error) {
    if (isRefusal(error)) await unused()
    throw error
  }
}

async function commit<T>(
  { objects, place: { owner, type } }: Publication<T>,
  repository: string,
  file: NewFile,
): Promise<Published> {
  const address = addressOf(owner, type, repository)
  const settled = await commitChange({ objects, address, change: { op: 'publish', ...file } })
  if (settled.outcome === 'absent') throw new Error('a publish that found nothing')
  return settled.outcome === 'committed'
    ? { outcome: 'published', revision: settled.revision }
    : settled
}

async function create<T>(
  { db, bucket, limits, rest, place: { owner, type } }: Publication<T>,
  rules: CreationRules,
  files: readonly [NewFile, ...NewFile[]],
): Promise<Published> {
  const place = { ownerId: owner.id, type }
  const [file] = files
  const { changeId } = file
  const { replaces, ...alone } = rules
  if (replaces && files.length > 1) throw new Error('a file that replaces another comes alone')
  const result =
    files.length > 1 || rules.onSame !== undefined
      ? await createVersion({ db, place, rules: alone, changeId, files, limits, rest })
      : await createFile(db, { place, rules, file, limits, rest })
  switch (result.outcome) {
    case 'created':
      for (const blob of duplicatesAmong(result, file)) await adoptOrDiscard(db, bucket, blob)
      return { outcome: 'published' }
    case 'exists':
      return { ...result, part: '' }
    case 'version-exists':
    case 'version-absent':
    case 'version-retired':
    case 'too-many-tags':
    case 'spelled-otherwise':
      return result
    case 'refused':
      throw new RegistryError(result.fault)
    case 'ownerless':
      throw new RegistryError({ code: 'not-found', detail: `no owner ${owner.name}` })
    case 'unknown':
      throw new RegistryError({ code: 'outcome-unknown' })
  }
}

type Created = Extract<CreateResult | CreateVersionResult, { outcome: 'created' }>

function duplicatesAmong(created: Created, { blob }: NewFile): readonly StagedBlob[] {
  if ('duplicates' in created) return created.duplicates
  return created.duplicate ? [blob] : []
}

/** Of anything but a refusal it is not known whether a row names the bytes by now. */
function isRefusal(error: unknown): boolean {
  return error instanceof RegistryError && error.fault.code !== 'outcome-unknown'
}
