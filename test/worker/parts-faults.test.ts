import { COMPONENTS_TYPE } from '../support/worker/stand-ins/lists.ts'
import { listsSamples } from '../support/worker/stand-ins/lists-sample.ts'
import { describeFaultsOfSample } from '../support/worker/survival.ts'

// Lists of a repository that are not those of architectures.

const sample = listsSamples.get(COMPONENTS_TYPE)
if (sample === undefined) throw new Error('no sample')
const titles = ['a publish', 'a publish of the same bytes', 'a removal']
describeFaultsOfSample(COMPONENTS_TYPE, sample, [sample], titles)
