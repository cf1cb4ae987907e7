import { SETS_TYPE } from '../support/worker/stand-ins/sets.ts'
import { setsSample } from '../support/worker/stand-ins/sets-sample.ts'
import { describeFaultsOfSample } from '../support/worker/survival.ts'

// Several files of a version and a tag, in one batch: all of them, or none.

const sample = setsSample('/same')
const titles = ['a publish', 'a publish of the same bytes']
describeFaultsOfSample(SETS_TYPE, sample, [sample], titles)
