import type { Dice } from './dice.js'

/** Any value that travels, none of them large. */
export function anyValue(dice: Dice, depth = 0): unknown {
  const makers = depth > 3 ? LEAVES : ALL
  return dice.pick(makers)(dice, depth + 1)
}

type Make = (dice: Dice, depth: number) => unknown

const list = (dice: Dice, depth: number): unknown[] => Array.from({ length: dice.int(4) }, () => anyValue(dice, depth))

const LEAVES: readonly Make[] = [
  (dice) => dice.int(1000),
  (dice) => dice.word() / 7,
  () => Number.NaN,
  (dice) => dice.chance(0.5),
  () => null,
  () => undefined,
  (dice) => 'text'.repeat(dice.int(8)),
  (dice) => String.fromCharCode(...Array.from({ length: dice.int(12) }, () => dice.int(0x1_0000))),
  (dice) => BigInt(dice.word()) ** BigInt(dice.int(5)),
  (dice) => new Date(dice.word()),
  (dice) => dice.bytes(dice.int(40)),
]

const ALL: readonly Make[] = [
  ...LEAVES,
  list,
  (dice, depth) => Object.fromEntries(list(dice, depth).map((value, at) => [dice.chance(0.2) ? at * 1000 : `key${at}`, value])),
  (dice, depth) => new Map(list(dice, depth).map((value, at) => [at, value])),
  (dice, depth) => new Set(list(dice, depth)),
  (dice) => new RegExp('a+b?'.repeat(dice.int(3)), 'gu'),
  (dice) => dice.bytes(dice.int(40)).buffer,
  (dice) => new Float64Array(dice.int(5)),
  (dice) => new DataView(dice.bytes(16).buffer, 4, 4),
  (dice) => new TypeError(`wrong ${dice.int(10)}`),
  (dice) => Object(dice.pick<unknown>([1, 'text', true, 5n])),
  (dice, depth) => {
    const sparse: unknown[] = []
    sparse[dice.chance(0.8) ? dice.int(100) : dice.word() % 0xffff_ffff] = anyValue(dice, depth)
    return sparse
  },
  (dice, depth) => {
    const circular: Record<string, unknown> = { value: anyValue(dice, depth) }
    circular.self = circular
    return circular
  },
]
