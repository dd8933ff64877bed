import type { Writable } from 'node:stream'

/** Standard output or error: a terminal says so and knows its width. */
export type ShellStream = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** The process as the command sees it: handed in, so that tests run the command in their own process. */
export interface Shell {
  readonly stdout: ShellStream
  readonly stderr: ShellStream
  /** Calls back every `delayMs` until the returned function is called. Does not hold the process open. */
  repeat(callback: () => void, delayMs: number): () => void
  /** Calls back on every Ctrl-C until the returned function is called. */
  onInterrupt(callback: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}

export const processShell: Shell = {
  stdout: process.stdout,
  stderr: process.stderr,
  repeat(callback, delayMs) {
    const timer = setInterval(callback, delayMs)
    timer.unref()
    return () => clearInterval(timer)
  },
  onInterrupt(callback) {
    process.on('SIGINT', callback)
    return () => process.off('SIGINT', callback)
  },
  exit: (code) => process.exit(code),
}
