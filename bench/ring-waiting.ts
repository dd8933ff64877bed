import type { SleepWord } from '../src/memory/sleep-word.js'

/** The shared words of the bench: the sleep words of both threads, what the reader asks for, and whether plain memory was filled. */
export const WORDS = { reader: 0, writer: 1, order: 2, filled: 3, count: 4 } as const

/** What the reader asks for, beside a number of messages: nothing yet, plain memory filled once, the end. */
export const ORDERS = { none: 0, fill: -1, end: -2 } as const

/**
 * Looks in vain before a thread blocks, so that it does not keep the other from a core that others use too. They take longer than a
 * wake-up: with fewer, both threads sleep in turns, a ringful at a time, and it is wake-ups that are measured.
 */
const SPINS = 30_000

export function spinThenBlock(own: SleepWord, attempt: () => boolean, mayWork: () => boolean): void {
  for (let spins = 1; !attempt(); spins++) if (spins % SPINS === 0) own.block(mayWork)
}

export function noBell(): void {
  throw new Error('no thread of this bench sleeps in its event loop')
}
