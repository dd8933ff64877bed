import type { Dataset } from './dataset.js'
import type { Program, Right, Step } from './program.js'

/** Programs with one part less. */
function* smaller(program: Program): Generator<Program> {
  const { source, steps, way } = program
  for (const index of steps.keys()) yield { ...program, steps: without(steps, index) }
  for (const [index, step] of steps.entries())
    for (const right of smallerRight(step.right))
      yield { ...program, steps: steps.map((each, at): Step => (at === index ? { ...step, right } : each)) }
  for (const less of fewerRows(source)) yield { ...program, source: less }
  if (way.workers > 1) yield { ...program, way: { ...way, workers: 1 } }
  for (const key of ['ringBytes', 'memoryBytes'] as const)
    if (way[key] !== undefined) yield { ...program, way: { ...way, [key]: undefined } }
}

function* smallerRight(right: Right): Generator<Right> {
  for (const index of right.steps.keys()) yield { ...right, steps: without(right.steps, index) }
  for (const source of fewerRows(right.source)) yield { ...right, source }
}

function* fewerRows(dataset: Dataset): Generator<Dataset> {
  if (dataset.rows === 0) return
  for (const rows of [Math.floor(dataset.rows / 4), dataset.rows - 1]) yield { ...dataset, rows }
}

function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_each, at) => at !== index)
}

/** Leaves parts of a program out for as long as it fails. */
export async function shrink(program: Program, fails: (program: Program) => Promise<boolean>): Promise<Program> {
  let least = program
  for (;;) {
    const before = least
    for (const candidate of smaller(least)) {
      if (!(await fails(candidate))) continue
      least = candidate
      break
    }
    if (least === before) return least
  }
}
