import { Writable } from 'node:stream'
import type { Shell } from '../../../src/cli/shell.js'

export interface FakeShell extends Shell {
  readonly written: { stdout: string; stderr: string }
  readonly exits: number[]
  /** How many repeating callbacks and interrupt listeners are there now. */
  live(): { tickers: number; interrupts: number }
  tick(): void
  interrupt(): void
}

export interface FakeShellOptions {
  readonly stdoutColumns?: number
  readonly stderrColumns?: number
  /** Replaces how standard output takes a piece; the default takes it at once. */
  readonly take?: (text: string, done: (error?: Error | null) => void) => void
}

function stream(columns: number | undefined, take: NonNullable<FakeShellOptions['take']>): Shell['stdout'] {
  const writable = new Writable({ decodeStrings: false, write: (chunk, _encoding, done) => take(String(chunk), done) })
  return columns === undefined ? writable : Object.assign(writable, { isTTY: true, columns })
}

/** A process without a process: columns make a stream a terminal. */
export function fakeShell(options: FakeShellOptions = {}): FakeShell {
  const written = { stdout: '', stderr: '' }
  const tickers = new Set<() => void>()
  const interrupts = new Set<() => void>()
  const exits: number[] = []
  const kept = (set: Set<() => void>, callback: () => void): (() => void) => {
    set.add(callback)
    return () => void set.delete(callback)
  }
  const into = (name: 'stdout' | 'stderr') => (text: string, done: (error?: Error | null) => void) => {
    written[name] += text
    done()
  }
  return {
    written,
    exits,
    stdout: stream(options.stdoutColumns, options.take ?? into('stdout')),
    stderr: stream(options.stderrColumns, into('stderr')),
    repeat: (callback) => kept(tickers, callback),
    onInterrupt: (callback) => kept(interrupts, callback),
    exit: (code) => void exits.push(code),
    live: () => ({ tickers: tickers.size, interrupts: interrupts.size }),
    tick: () => tickers.forEach((callback) => void callback()),
    interrupt: () => interrupts.forEach((callback) => void callback()),
  }
}
