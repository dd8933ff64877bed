import { Dice } from '../fuzz/dice.js'
import { type Dataset, drawDataset } from './dataset.js'
import { GROWING, OPS, type Op } from './operators.js'

/** What a step does follows from its seed and the columns that it meets, so that others can be left out before it. */
export interface Step {
  readonly op: Op
  readonly seed: number
  /** What is joined, or put together, with it; not used by others. */
  readonly right: Right
}

export interface Right {
  readonly source: Dataset
  /** Joined by its column `n` alone, of which each value is there once: so it may be large. */
  readonly isLarge: boolean
  readonly steps: readonly Omit<Step, 'right'>[]
}

/** How a flow is run. */
export interface Way {
  readonly workers: number
  /** Undefined: as by default. */
  readonly ringBytes: number | undefined
  readonly memoryBytes: number | undefined
}

/** A random flow over random files. */
export interface Program {
  readonly source: Dataset
  readonly steps: readonly Step[]
  readonly way: Way
}

/** Every two operators that can follow each other: all. */
export const PAIRS: readonly (readonly [Op, Op])[] = OPS.flatMap((first) => OPS.map((second) => [first, second] as const))

const RIGHT_OPS: readonly Op[] = [
  'map',
  'filter',
  'groupBy',
  'reduceBy',
  'perKey',
  'topPerKey',
  'distinctBy',
  'sort',
  'top',
  'hash',
  'roundRobin',
  'gather',
]

/** So that not too many rows come of joins. */
const RIGHT_ROWS = 40
const GROWING_STEPS = 2
/** Of the source, by the number of steps of which more rows come. */
const ROWS_BY_GROWING = [4000, 1000, 300]
const SMALLEST_MEMORY = 64 * 1024

function drawSteps(dice: Dice, ops: readonly Op[], most: number): Omit<Step, 'right'>[] {
  return seeded(
    dice,
    Array.from({ length: dice.int(most + 1) }, () => dice.pick(ops)),
  )
}

/** The same for the same seed. Programs of as many seeds in a row as there are pairs have each of them. */
export function programOf(seed: number): Program {
  const dice = new Dice(seed, 2)
  const [first, second] = PAIRS[seed % PAIRS.length]
  // What stands behind the groups of any so many rows cannot be told, so that no limit comes before the pair.
  const before = drawSteps(
    dice,
    OPS.filter((op) => op !== 'limit'),
    2,
  )
  const pair = seeded(dice, [first, second])
  const after = dice.chance(0.5) ? drawSteps(dice, OPS, 2) : [...drawSteps(dice, OPS, 1), ...drawEnd(dice)]
  let growing = pair.filter(({ op }) => GROWING.has(op)).length
  const mayStay = ({ op }: { op: Op }): boolean => !GROWING.has(op) || growing++ < GROWING_STEPS
  const steps = [...before.filter(mayStay), ...pair, ...after.filter(mayStay)].map((step) => ({ ...step, right: drawRight(dice) }))
  const source = drawDataset(dice, ROWS_BY_GROWING[steps.filter(({ op }) => GROWING.has(op)).length])
  return { source, steps, way: drawWay(dice) }
}

function seeded(dice: Dice, ops: readonly Op[]): Omit<Step, 'right'>[] {
  return ops.map((op) => ({ op, seed: dice.int(2 ** 31) }))
}

/** An order, or groups, that are there at the end. */
function drawEnd(dice: Dice): Omit<Step, 'right'>[] {
  const last = dice.pick<Op>(['sort', 'sort', 'top', 'groupBy'])
  return seeded(dice, [last, ...(last !== 'groupBy' && dice.chance(0.5) ? [dice.pick<Op>(['map', 'filter', 'flatMap', 'limit'])] : [])])
}

function drawRight(dice: Dice): Right {
  const isLarge = dice.chance(0.3)
  if (isLarge)
    return { source: { ...drawDataset(dice, RIGHT_ROWS), rows: dice.pick([300, 1000, 4000]), isNarrow: false }, isLarge, steps: [] }
  return { source: drawDataset(dice, RIGHT_ROWS), isLarge, steps: drawSteps(dice, RIGHT_OPS, 2) }
}

function drawWay(dice: Dice): Way {
  return {
    workers: 1 + dice.int(4),
    ringBytes: dice.chance(0.8) ? 4096 : undefined,
    memoryBytes: dice.chance(0.6) ? SMALLEST_MEMORY : undefined,
  }
}
