import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import fc from 'fast-check'
import { FRAME, type FrameKind } from '../../src/frame/kinds.js'
import type { FrameOutlet } from '../../src/frame/ports.js'
import { INBOUND_TABLE } from '../../src/stream/inbound-state.js'
import type { LinkEnd } from '../../src/stream/link-end.js'
import { SINK_TABLE } from '../../src/stream/sink-state.js'
import { SourceTask } from '../../src/stream/source-task.js'
import { coverageOfTables, pairsOf, showCoverage } from '../support/coverage-of-tables.js'
import { ringLink } from '../support/links.js'
import { type Command, live, type Plant, type Scenario, scenario } from '../support/stream-model.js'

const RUNS = process.env.MILLRACE_FULL === undefined ? 600 : 30_000

/** Lives that chance finds rarely. */
const EXAMPLES: Scenario[] = []
const BIG: Command = { do: 'data', bytes: 2560, looks: false }
const STEPS: Command = { do: 'steps', count: 40 }
const START: Command[] = [
  { do: 'start', who: 0 },
  { do: 'start', who: 2 },
]
const FULL: Command[] = [...START, STEPS, ...Array.from({ length: 30 }, () => BIG), STEPS]
for (const kind of ['query', 'call'] as const) {
  for (const delivery of ['calls', 'flows'] as const) {
    for (const ends of ['end', 'error'] as const) {
      for (const closes of ['die', 'endSession'] as const) {
        for (const who of [0, 1, 2] as const) {
          for (const count of [0, 1, 2, 3]) {
            const commands: Command[] = [
              ...FULL,
              { do: ends },
              STEPS,
              { do: closes, who },
              { do: 'steps', count: count + 1 },
              BIG,
              { do: 'end' },
            ]
            EXAMPLES.push({ kind, delivery, elasticBytes: 0, seed: count, commands })
          }
        }
      }
    }
  }
}
const SMALL: Command = { do: 'data', bytes: 504, looks: false }
const BOTH = [0, 2] as const
/** Consumers that keep up make their windows grow from two frames to nearly what the ring holds. */
const GROW: Command[] = Array.from({ length: 5 }, () => [
  ...Array.from({ length: 4 }, () => SMALL),
  STEPS,
  ...BOTH.flatMap((who) => Array.from({ length: 4 }, (): Command => ({ do: 'take', who }))),
  ...START,
  STEPS,
]).flat()
for (let seed = 0; seed < 24; seed++) {
  const few: Command = { do: 'steps', count: 1 + (seed % 4) }
  // Eight frames of 512 bytes, three of them of other streams, fill the ring to the last byte, so that not even a RESET has room.
  const crowd: Command = { do: 'crowd', bytes: 504 }
  const full: Command[] = [...START, crowd, STEPS, ...GROW, crowd, ...Array.from({ length: 12 }, () => SMALL), few]
  const broken: Command[] = [{ do: 'start', who: 0 }, STEPS, { do: 'planFails' }, few]
  const lives: Command[][] = [
    [...full, { do: 'take', who: 0 }, { do: 'error' }, few, { do: 'die', who: 0 }],
    [...full, { do: 'take', who: 0 }, { do: 'take', who: 0 }, { do: 'error' }, STEPS],
    [...full, { do: 'cancel', who: 0 }, few, BIG, few, BIG, few],
    [{ do: 'start', who: 0 }, STEPS, { do: 'end' }, STEPS, { do: 'die', who: 2 }],
    [...START, STEPS, SMALL, few, { do: 'die', who: 1 }, STEPS, { do: 'cancel', who: 0 }],
    [...broken, SMALL, few],
    [...broken, { do: 'error' }],
    [...broken, { do: 'die', who: 2 }],
  ]
  for (const commands of lives) EXAMPLES.push({ kind: 'query', delivery: 'flows', elasticBytes: 0x1_0000, seed, commands })
}
// CREDIT and END cross each other.
const CROSSING: Command[] = [
  ...START,
  STEPS,
  { do: 'data', bytes: 504, looks: true },
  STEPS,
  { do: 'take', who: 0 },
  { do: 'steps', count: 1 },
]
EXAMPLES.push({ kind: 'query', delivery: 'calls', elasticBytes: 0, seed: 0, commands: [...CROSSING, { do: 'end' }, STEPS] })
for (let seed = 0; seed < 6; seed++) {
  const cancel: Command = { do: 'cancel', who: 0 }
  const some: Command[] = [...START, { do: 'steps', count: seed }, BIG, { do: 'take', who: 0 }, { do: 'steps', count: seed + 1 }, cancel]
  EXAMPLES.push({ kind: 'query', delivery: 'flows', elasticBytes: 0, seed, commands: [...some, BIG, BIG, { do: 'error' }] })
  EXAMPLES.push({ kind: 'query', delivery: 'flows', elasticBytes: 0, seed, commands: [...FULL, cancel, STEPS, BIG, { do: 'error' }] })
}

function property(plant?: Plant): fc.IAsyncProperty<[Scenario]> {
  return fc.asyncProperty(scenario, (each) => live(each, plant))
}

/** What our own two ends never do to each other, and why. The other test of this file does it to each alone. */
const NEVER_SINK = new Map<string, string>([
  ...['planned', 'held', 'broken'].map((state) => [`${state}.credit`, 'no reader sends CREDIT before START'] as const),
  ...['held', 'ending'].flatMap((state) =>
    ['write', 'finish'].map((event) => [`${state}.${event}`, 'a source that returned does no more'] as const),
  ),
  ...['planned', 'held', 'broken', 'open', 'closed'].map((state) => [`${state}.sent`, 'no terminal frame is due'] as const),
  ...['open', 'ending', 'closing', 'closed'].map((state) => [`${state}.start`, 'no reader sends START twice, or after CANCEL'] as const),
  ['closing.cancel', 'no reader sends CANCEL twice, and its CANCEL of a sink that failed comes after'],
  ['closing.finish', 'the registry finishes no sink that is closed'],
  ['closed.finish', 'the registry finishes no sink that is closed'],
  ['held.fail', 'its source is over'],
])
const NEVER_STREAM = new Map<string, string>([
  ...['idle', 'ended', 'failed'].flatMap((state) =>
    ['data', 'end', 'error', 'reset'].map(
      (event) => [`${state}.${event}`, 'no writer sends before START or after a terminal frame'] as const,
    ),
  ),
  ['ended.lost', 'the reader has forgotten it'],
  ['failed.lost', 'the reader has forgotten it'],
])

function report(
  context: TestContext,
  title: string,
  table: Parameters<typeof pairsOf>[0],
  seen: Set<string>,
  never: Map<string, string>,
): void {
  context.diagnostic(showCoverage(title, table, seen))
  const missing = pairsOf(table).filter((pair) => !seen.has(pair) && !never.has(pair))
  assert.deepEqual(missing, [], `${title}: pairs that were not covered`)
}

test('a stream lives as its model says, whatever happens in whatever order', async (context) => {
  const examples = EXAMPLES.map((each): [Scenario] => [each])
  const seen = await coverageOfTables(() => fc.assert(property(), { numRuns: RUNS + examples.length, seed: 20, examples }))
  report(context, 'Sink', SINK_TABLE, seen.sink, NEVER_SINK)
  report(context, 'Stream', INBOUND_TABLE, seen.stream, NEVER_STREAM)
})

test('the same over rings', async () => {
  await fc.assert(property({ factory: ringLink }), { numRuns: RUNS / 3, seed: 21 })
})

// Planted bugs: the property that holds above must fail with each of them, or it proves nothing.

/** The model fails with the bug; returns how. */
async function failureWith(plant: Plant): Promise<string> {
  const result = await fc.check(property(plant), { numRuns: 2000, seed: 20, endOnFailure: true })
  assert.ok(result.failed, 'the planted bug was not found')
  return String(result.errorInstance)
}

test('the model finds a cancel that does not look at the sink but stops the source of all', async () => {
  const honest = Object.getOwnPropertyDescriptor(SourceTask.prototype, 'isCancelled')!
  Object.defineProperty(SourceTask.prototype, 'isCancelled', {
    configurable: true,
    get(this: SourceTask) {
      return this.sinks.some((sink) => sink.isClosed)
    },
  })
  try {
    assert.match(await failureWith({}), /shorter stream|before its data|waits for ever/)
  } finally {
    Object.defineProperty(SourceTask.prototype, 'isCancelled', honest)
  }
})

/** Lets each END pass the data frame written before it. */
class Overtaking implements FrameOutlet {
  readonly copies = false
  private held: Parameters<FrameOutlet['tryWrite']> | undefined

  constructor(private readonly outlet: FrameOutlet) {}

  get payloadBytesMax(): number {
    return this.outlet.payloadBytesMax
  }

  get publishedBytes(): number {
    return this.outlet.publishedBytes
  }

  tryWrite(...frame: Parameters<FrameOutlet['tryWrite']>): boolean {
    const kind: FrameKind = frame[0]
    if (kind === FRAME.END && this.held?.[1] === frame[1]) return this.outlet.tryWrite(...frame) && this.letGo()
    if (!this.letGo()) return false
    if (kind !== FRAME.DATA) return this.outlet.tryWrite(...frame)
    this.held = frame
    return true
  }

  publish(): boolean {
    this.letGo()
    return this.outlet.publish()
  }

  wantRoom(): boolean {
    return this.outlet.wantRoom()
  }

  private letGo(): boolean {
    if (this.held === undefined) return true
    if (!this.outlet.tryWrite(...this.held)) return false
    this.held = undefined
    return true
  }
}

test('the model finds an END that goes out before the data that was queued', async () => {
  const wrapEnd = (end: LinkEnd): LinkEnd => ({ ...end, frames: { inlet: end.frames.inlet, outlet: new Overtaking(end.frames.outlet) } })
  assert.match(await failureWith({ wrapEnd }), /failed with an END (after \d+ messages|inside a message)/)
})

test('the model finds a sleep without the second look', async () => {
  assert.match(await failureWith({ looksAgain: false }), /waits for ever|does not end/)
})
