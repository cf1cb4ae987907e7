import { SIGNED_TYPE } from '../support/worker/stand-ins/signed.ts'
import { signedSample } from '../support/worker/stand-ins/signed-sample.ts'
import { describeFaultsOfSample } from '../support/worker/survival.ts'

// What is stored is not what was sent.

const titles = ['a publish', 'a chunked publish in parts']
describeFaultsOfSample(SIGNED_TYPE, signedSample, [signedSample], titles)
