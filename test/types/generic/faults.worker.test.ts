import { describeFaultsOf } from '../../support/worker/survival.ts'

describeFaultsOf('generic')
