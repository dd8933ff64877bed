import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as engine from 'millrace/flow'
import { KEY_KINDS } from './columns.js'
import type { Dataset } from './dataset.js'
import { FAULTS, withFault } from './faults.js'
import { Histogram } from './histogram.js'
import { Lab } from './lab.js'
import { OPS } from './operators.js'
import { type Program, programOf } from './program.js'
import { report } from './report.js'
import { shrink } from './shrink.js'

const FULL = process.env.MILLRACE_FULL === '1'

/** Of the small sample the pairs of operators begin, and end, with each operator once. */
const SEEDS = FULL ? Array(1200).keys() : OPS.map((_op, index) => index * OPS.length + ((index * 8) % OPS.length))
const SUMS = ['sum number', 'sum bigint', 'avg number', 'avg bigint']
const TIMES_LEAST = FULL ? 50 : 1

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-oracle-'))
})
after(() => rm(folder, { recursive: true }))

test('random flows give the rows that DuckDB gives for the same in SQL', async () => {
  const lab = await Lab.open(engine, folder)
  const histogram = new Histogram()
  try {
    for (const seed of SEEDS) {
      const program = FULL ? programOf(seed) : small(programOf(seed))
      const outcome = await lab.run(program)
      histogram.add(program, outcome)
      if (outcome.failure !== undefined) assert.fail(await report(lab, program, seed))
    }
  } finally {
    await lab.close()
  }
  const text = String(histogram)
  console.log(text)
  for (const [op, times] of histogram.operators) assert.ok(times >= TIMES_LEAST, `${op} ${times} times`)
  assert.ok(histogram.nullKeys > 0 && histogram.emptyInputs > 0, text)
  if (!FULL) return
  for (const [pair, times] of histogram.pairs) assert.ok(times > 0, `never ${pair}`)
  for (const what of [
    ...KEY_KINDS.flatMap((kind) => ['key', 'min', 'max', 'countDistinct', 'first', 'last'].map((fn) => `${fn} ${kind}`)),
    ...SUMS,
  ])
    assert.ok(histogram.others.has(what), `never ${what}`)
  assert.ok(histogram.spills > 0, text)
})

/** The same over fewer rows. */
function small({ source, steps, way }: Program): Program {
  const fewer = (dataset: Dataset): Dataset => ({ ...dataset, rows: Math.min(dataset.rows, 300) })
  return {
    source: fewer(source),
    steps: steps.map((step) => ({ ...step, right: { ...step.right, source: fewer(step.right.source) } })),
    way,
  }
}

/** When the programs have changed, others of these find a fault. */
const SEEDS_OF_FAULT = 100

for (const fault of FAULTS) {
  test(`it is found where ${fault.name}`, async () => {
    const { engine: faulty, remove } = await withFault(fault)
    const lab = await Lab.open(faulty, folder)
    const fails = async (program: Program): Promise<boolean> => (await lab.run(onTwoWorkers(program))).failure !== undefined
    try {
      const found = await firstOf([fault.seed, ...Array(SEEDS_OF_FAULT).keys()], fails)
      assert.ok(found !== undefined, `not within ${SEEDS_OF_FAULT} seeds`)
      if (!FULL) return
      const least = await shrink(found, fails)
      assert.ok(least.steps.length <= 3, JSON.stringify(least))
    } finally {
      await lab.close()
      await remove()
    }
  })
}

/** One pool is enough to find them. */
function onTwoWorkers(program: Program): Program {
  return { ...program, way: { ...program.way, workers: 2 } }
}

async function firstOf(seeds: readonly number[], fails: (program: Program) => Promise<boolean>): Promise<Program | undefined> {
  for (const seed of seeds) if (await fails(programOf(seed))) return programOf(seed)
  return undefined
}
