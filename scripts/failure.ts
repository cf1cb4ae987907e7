// How every command of npm here fails: it says what with in one line, and ends with 1.

/** @param command as the user called it, such as `npm run setup` */
export function reportFailure(command: string, error: unknown): void {
  console.error(`${command}: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
