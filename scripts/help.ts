// Answers --help for every npm command of this project, before the command does anything.

/** Prints the usage and ends the process if any of its arguments asks for help. */
export function answerHelp(usage: string): void {
  const asked = process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')
  if (!asked) return
  console.log(usage)
  process.exit(0)
}

/** The part of the usage that is common to commands which ask a running registry. */
export const WHICH_REGISTRY = `
The registry is the one at URL, with its admin token in TOKEN; without them the one that npm start serves.`
