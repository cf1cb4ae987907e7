// Preloaded into a process (`node --import`), whose disk takes so many writes as FULL_AFTER says and is full
// then. A write that fails has made its file, and may have written a part of it, as on a real disk.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

let left = Number(process.env.FULL_AFTER)

function takesWrite(): boolean {
  left--
  return left >= 0
}

const noSpace = (syscall: string) =>
  Object.assign(new Error(`ENOSPC: no space left on device, ${syscall}`), {
    code: 'ENOSPC',
    syscall,
  })

const { mkdir, rename, writeFile } = fs.promises

/** Streams call it in this form alone. */
function write(
  fd: number,
  bytes: Buffer,
  offset: number,
  length: number,
  ...rest: unknown[]
): void {
  const done = rest.at(-1) as (error: Error | null) => void
  if (takesWrite()) Reflect.apply(original.write, fs, [fd, bytes, offset, length, ...rest])
  else original.write(fd, bytes, offset, length >> 1, null, () => done(noSpace('write')))
}

/** Of the pieces the first one is written. */
function writev(fd: number, pieces: Buffer[], ...rest: unknown[]): void {
  const done = rest.at(-1) as (error: Error | null) => void
  if (takesWrite()) Reflect.apply(original.writev, fs, [fd, pieces, ...rest])
  else original.writev(fd, pieces.slice(0, 1), null, () => done(noSpace('write')))
}

const original = { write: fs.write, writev: fs.writev }

Object.assign(fs, { write, writev })
Object.assign(fs.promises, {
  async mkdir(...parameters: Parameters<typeof mkdir>) {
    if (!fs.existsSync(parameters[0]) && !takesWrite()) throw noSpace('mkdir')
    return mkdir(...parameters)
  },
  async rename(...parameters: Parameters<typeof rename>) {
    if (!takesWrite()) throw noSpace('rename')
    return rename(...parameters)
  },
  async writeFile(...[file, data, options]: Parameters<typeof writeFile>) {
    if (takesWrite()) return writeFile(file, data, options)
    await writeFile(file, '', options)
    throw noSpace('write')
  },
})
syncBuiltinESMExports()
