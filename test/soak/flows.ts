import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPool, type FlowRun, flow, jsonl, type RunOptions } from 'millrace/flow'
import { leaks } from 'millrace/testing'
import {
  type AnyFlow,
  type AnyRow,
  filterEven,
  flatMapRepeated,
  group,
  hash,
  known,
  limit,
  mapSame,
  mapTagged,
  type Step,
  sort,
} from '../flow-run/oracle.js'
import { type Dice, dice, rest, type Soak, turns } from './soak.js'
import { exitsAt, throwsAt, toils } from './stages.js'

const STAGES = new URL('./stages.js', import.meta.url).href

/** Rows in files, and the same rows here. */
interface Input {
  readonly pattern: string
  readonly rows: readonly AnyRow[]
}

/** Files of a few sizes, in a folder of the soak's own. */
export async function writeInputs(folder: string): Promise<Input[]> {
  const random = dice(1)
  return Promise.all(
    [0, 1, 40, 3000, 20_000].map(async (count) => {
      const rows = Array.from({ length: count }, (_, id) => ({ id, group: `g${random.below(30)}`, side: 'one', value: random.below(1000) }))
      const files = 1 + random.below(4)
      for (let file = 0; file < files; file++) {
        const text = rows.filter(({ id }) => id % files === file).map((row) => `${JSON.stringify(row)}\n`)
        await writeFile(join(folder, `in-${count}-${file}.jsonl`), text.join(''))
      }
      return { pattern: join(folder, `in-${count}-*.jsonl`), rows }
    }),
  )
}

/** Pools one after another, each with rounds of runs at once. */
export async function soakFlows(soak: Soak, seed: number, inputs: readonly Input[]): Promise<void> {
  for (let room = 0; room === 0 || !soak.isOver; room++) {
    const random = dice(seed + room)
    const workers = 1 + random.below(4)
    const ringBytes = random.pick([4096, 0x1_0000, undefined])
    const isMortal = random.chance(0.25)
    const pool = createPool({ workers, ringBytes })
    const name = `flows ${seed + room}: ${workers} workers, rings ${ringBytes}`
    for (let round = 0; round < 6 && (round === 0 || !soak.isOver); round++) {
      const runs = Array.from({ length: 1 + random.below(4) }, () =>
        attempt(soak, { room: name, random, pool, isMortal, input: random.pick(inputs) }),
      )
      await Promise.all(runs)
    }
    await soak.attempt('pools', `${name}: close`, [], () => pool.close())
  }
}

interface Room {
  readonly room: string
  readonly random: Dice
  readonly pool: NonNullable<RunOptions['pool']>
  readonly isMortal: boolean
  readonly input: Input
}

/** One run: random steps, an end of some kind, and what may go wrong with it. */
function attempt(soak: Soak, { room, random, pool, isMortal, input }: Room): Promise<void> {
  const steps = stepsOf(random)
  const ownPool = random.chance(0.05)
  const memoryBytes = random.pick([200_000, undefined, undefined])
  const options: RunOptions = {
    ...(ownPool ? { workers: 1 + random.below(3), ...pick('ringBytes', 4096) } : { pool }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...soak.stallOptions,
  }
  const read: AnyFlow = flow(STAGES).read(jsonl(input.pattern))
  const expected = [...(memoryBytes === undefined ? [] : ['OperatorBudget', 'QueueBudget']), ...(isMortal && !ownPool ? ['PeerLost'] : [])]
  const name = `${room}: ${input.rows.length} rows, ${steps.map((each) => each.name).join(', ')}, ${ownPool ? 'own pool' : 'pool'}, ${memoryBytes}`
  const plain = () => steps.reduce((rows, each) => each.plain(rows), [...input.rows])
  const build = (job: AnyFlow) => steps.reduce((flow, each) => each.flow(flow), job)
  const lethal = (isMortal && random.chance(0.2)) || (ownPool && random.chance(0.3))
  const kind = lethal ? 'exits' : random.pick(['whole', 'whole', 'slow', 'leaves', 'limited', 'aborted', 'cancelled', 'throws'] as const)
  const ends = endings({ random, options, plain, read, build, rows: input.rows.length })
  const ending = ends[kind]
  const codes = [...expected, ...ending.expected, ...(lethal ? ['PeerLost'] : [])]
  return soak.attempt('queries', `${name}, ${kind}`, codes, ending.run)
}

function pick<K extends string>(key: K, value: number): { [key in K]?: number } {
  return { [key]: value } as { [key in K]?: number }
}

/** Up to five; behind a group there are other columns, and so other steps. */
function stepsOf(random: Dice): Step[] {
  const steps = Array.from({ length: random.below(4) }, () => plainStep(random))
  if (random.chance(0.4)) steps.push(group('group'), random.pick([sort('group'), sort('-total', 'group'), hash('group'), mapSame]))
  return steps
}

function plainStep(random: Dice): Step {
  const sorts = [sort('id', 'copy'), sort('-value', 'id', 'copy')]
  return random.pick([mapTagged, mapSame, filterEven, flatMapRepeated(1 + random.below(3)), hash('group'), hash('side'), ...sorts])
}

interface Terms {
  readonly random: Dice
  readonly options: RunOptions
  readonly read: AnyFlow
  readonly rows: number
  build(job: AnyFlow): AnyFlow
  plain(): AnyRow[]
}

type Ending = { readonly expected: readonly string[]; run(): Promise<void> }

function endings({
  random,
  options,
  plain,
  read,
  build,
  rows,
}: Terms): Record<'whole' | 'slow' | 'leaves' | 'limited' | 'aborted' | 'cancelled' | 'throws' | 'exits', Ending> {
  const max = 1 + random.below(200)
  const at = random.below(Math.max(1, rows))
  const after = random.below(50)
  const start = (job: AnyFlow, more: RunOptions = {}) => job.run({ ...options, ...more })
  const whole = (pace: number): Ending => ({
    expected: [],
    run: () => clean(start(build(read)), async (run) => assertRows(await readAll(run, pace), plain())),
  })
  return {
    whole: whole(0),
    slow: whole(1 + random.below(20)),
    leaves: { expected: [], run: () => clean(start(build(read)), async (run) => assertSome(await readAll(run, 0, max), plain(), max)) },
    limited: {
      expected: [],
      run: () => clean(start(limit(max).flow(build(read))), async (run) => assertSome(await readAll(run), plain(), max)),
    },
    aborted: {
      expected: ['Cancelled'],
      run: () => {
        const controller = new AbortController()
        return clean(start(build(read), { signal: controller.signal }), async (run) => {
          const got = readAll(run)
          void turns(after).then(() => controller.abort())
          assertRows(await got, plain())
        })
      },
    },
    cancelled: {
      expected: ['Cancelled'],
      run: () =>
        clean(start(build(read.map(toils))), async (run) => {
          const got = readAll(run)
          got.catch(() => {})
          await turns(after)
          await run.cancel()
          assertRows(await got, plain())
        }),
    },
    throws: {
      expected: ['RangeError'],
      run: () =>
        clean(start(build(read.map(throwsAt, { params: { at } }))), async (run) => assertRows(await readAll(run), rows > 0 ? [] : plain())),
    },
    exits: {
      expected: [],
      run: () =>
        clean(start(build(read.map(exitsAt, { params: { at } }))), async (run) => assertRows(await readAll(run), rows > 0 ? [] : plain())),
    },
  }
}

/** Whatever becomes of a run, it holds nothing afterwards. */
async function clean(run: FlowRun<AnyRow>, body: (run: FlowRun<AnyRow>) => Promise<void>): Promise<void> {
  try {
    await body(run)
  } finally {
    await run[Symbol.asyncDispose]()
    assert.deepEqual(await leaks(run), {}, 'a run that has ended holds something')
  }
}

async function readAll(run: FlowRun<AnyRow>, pace = 0, max = Number.POSITIVE_INFINITY): Promise<AnyRow[]> {
  const rows: AnyRow[] = []
  for await (const row of run) {
    rows.push(row)
    if (rows.length >= max) break
    if (pace > 0 && rows.length % 400 === 0) await rest(pace)
  }
  return rows
}

const textOf = (row: AnyRow) => JSON.stringify(known(row))

/** The same rows, in any order. */
function assertRows(got: readonly AnyRow[], expected: readonly AnyRow[]): void {
  assert.equal(got.length, expected.length)
  const [texts, others] = [got, expected].map((rows) => rows.map(textOf).sort())
  for (const [index, text] of texts.entries()) assert.equal(text, others[index])
}

/** So many of those rows. */
function assertSome(got: readonly AnyRow[], all: readonly AnyRow[], max: number): void {
  assert.equal(got.length, Math.min(max, all.length))
  const left = new Map<string, number>()
  for (const text of all.map(textOf)) left.set(text, (left.get(text) ?? 0) + 1)
  for (const text of got.map(textOf)) {
    const count = left.get(text) ?? 0
    assert.ok(count > 0, `a row too many: ${text}`)
    left.set(text, count - 1)
  }
}
