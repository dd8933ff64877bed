import type { SleepWord } from '../src/memory/sleep-word.js'

/** The shared words of the bench: the sleep words of both threads, and how many messages the reader asks for. */
export const WORDS = { reader: 0, writer: 1, order: 2, count: 3 } as const

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
