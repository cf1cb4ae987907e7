import { WRAPPED_TYPE } from '../support/worker/stand-ins/wrapped.ts'
import { wrappedSample } from '../support/worker/stand-ins/wrapped-sample.ts'
import { describeFaultsOfSample } from '../support/worker/survival.ts'

// A body that holds the file among other things, and tags that move in the batch of the publish.

describeFaultsOfSample(WRAPPED_TYPE, wrappedSample)
