// Reports the failure of an npm command of this project: one line on standard error, and the exit code 1.

/** @param command as the user called it, such as `npm run setup` */
export function reportFailure(command: string, error: unknown): void {
  console.error(`${command}: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
