import { seeded } from '../support/test-loop.js'

/** Words at which something may give way. */
const EDGES = [0, 1, 2, 7, 8, 15, 16, 63, 64, 511, 512, 513, 4095, 4096, 4097, 0xffff, 0x1_0000, 0x1000_0000, 0x1000_0001]
const HIGH_EDGES = [0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff]

/** All that is random in one case; the same for the same seed and number. */
export class Dice {
  private readonly next: () => number

  constructor(seed: number, number: number) {
    this.next = seeded(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(number + 1, 0x85eb_ca6b))
  }

  /** 0 to `below` - 1. */
  int(below: number): number {
    return Math.floor(this.next() * below)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(all: readonly T[]): T {
    return all[this.int(all.length)]
  }

  /** A u32, most often at an edge. */
  word(): number {
    if (this.chance(0.3)) return this.int(2 ** 32)
    if (this.chance(0.2)) return this.pick(HIGH_EDGES)
    return (this.pick(EDGES) + (this.chance(0.3) ? this.int(17) - 8 : 0)) >>> 0
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.int(256))
  }
}

/** The same bytes with something changed: bits, bytes, words, the length, pieces of it. Most often a little. */
export function mutate(dice: Dice, original: Uint8Array): Uint8Array {
  let bytes: Uint8Array = original.slice()
  for (let times = 1 + (dice.chance(0.3) ? dice.int(6) : 0); times > 0; times--) bytes = mutateOnce(dice, bytes)
  return bytes
}

function mutateOnce(dice: Dice, bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  if (length === 0) return dice.bytes(dice.int(16))
  const at = dice.int(length)
  switch (dice.int(8)) {
    case 0:
    case 1:
      bytes[at] ^= 1 << dice.int(8)
      return bytes
    case 2:
      bytes[at] = dice.int(256)
      return bytes
    case 3:
    case 4:
      return withWord(bytes, at, dice.word())
    case 5:
      return bytes.subarray(0, at)
    case 6:
      return bytes.length > 0x1_0000 ? bytes : joined(bytes.subarray(0, at), bytes.subarray(dice.int(length)))
    default:
      return joined(bytes.subarray(0, at), dice.bytes(1 + dice.int(12)), bytes.subarray(at))
  }
}

function withWord(bytes: Uint8Array, at: number, word: number): Uint8Array {
  const start = Math.min(at & ~3, Math.max(0, bytes.length - 4))
  for (let byte = 0; byte < 4 && start + byte < bytes.length; byte++) bytes[start + byte] = word >>> (8 * byte)
  return bytes
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
