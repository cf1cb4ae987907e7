import { describeFaultsOf } from '../../support/worker/survival.ts'

describeFaultsOf('npm')
