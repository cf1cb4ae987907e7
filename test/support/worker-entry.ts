// The Worker under test, as it is deployed; faults are added here, so that src/ knows no tests.
export { default, Repository } from '../../src/index.ts'
