// What every command of npm here answers to --help, before it does anything.

/** Ends the process when its arguments ask for help, wherever among the others. */
export function answerHelp(usage: string): void {
  const asked = process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')
  if (!asked) return
  console.log(usage)
  process.exit(0)
}

/** Of commands that ask a running registry. */
export const WHICH_REGISTRY = `
The registry is the one at URL, with its admin token in TOKEN; without them the one that npm start serves.`
