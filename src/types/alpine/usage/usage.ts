// PURE: what is shown for people to copy.
import type { PackageUsage } from '../../type.ts'
import { describeInstall } from './install.ts'
import { parsePlace } from './place.ts'
import { describePublish } from './publish.ts'

/** Of an owner without a repository it can be told how to publish the first. */
const FIRST_REPOSITORY = 'edge/main'

export const alpineUsage: PackageUsage = {
  install: (place) => describeInstall(parsePlace(place)),
  publish: (place) => describePublish(parsePlace(place, FIRST_REPOSITORY)),
}
