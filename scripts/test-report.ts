// Counts tests in the report of vitest's JSON reporter. A file that failed without a failed test,
// because it could not even be loaded, counts as one failure.
import { readFile } from 'node:fs/promises'

export interface TestCounts {
  passed: number
  failed: number
  skipped: number
}

interface Report {
  testResults: {
    status: string
    assertionResults: { status: string }[]
  }[]
}

/** Counts the tests of a report. All counts are 0 if vitest ended before it wrote one. */
export async function countTests(reportFile: string): Promise<TestCounts> {
  const text = await readFile(reportFile, 'utf8').catch(() => '{"testResults":[]}')
  const { testResults }: Report = JSON.parse(text)
  const counts: TestCounts = { passed: 0, failed: 0, skipped: 0 }
  for (const { status, assertionResults } of testResults) {
    const failures = assertionResults.filter((test) => test.status === 'failed').length
    const passes = assertionResults.filter((test) => test.status === 'passed').length
    counts.passed += passes
    counts.failed += status === 'failed' ? Math.max(failures, 1) : failures
    counts.skipped += assertionResults.length - failures - passes
  }
  return counts
}

export function formatTestCounts({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
