import { type Mode, normal, type Rows, type Scenario, type Stage } from './scenario.js'

/** A way in which dataflows of this kind are known to stop for ever, at its smallest. */
export interface Deadlock {
  readonly name: string
  /** For so many workers, 1 to `workers`. */
  readonly stages: (workers: readonly number[]) => readonly Stage[]
  readonly resultMode?: Mode
  readonly slow?: number
  /** The last worker does nothing for so many steps, when the others are under way. */
  readonly stalledSteps?: number
}

/** Long enough to fill every ring and window on the way. */
const MANY: Rows = { count: 40, pad: 700, keys: 50, pauseEvery: 0 }
const NONE: Rows = { ...MANY, count: 0 }
const ONE_SIDED: Rows = { ...MANY, keys: 1 }

function leaf(members: readonly number[], rows: Rows = MANY): Stage {
  return { members, inputs: [], op: 'pass', rows: members.map(() => rows) }
}

function reads(members: readonly number[], ...inputs: Stage['inputs']): Stage {
  return { members, inputs, op: inputs.length === 2 ? 'semi' : 'pass', rows: [] }
}

const gather = (stage: number) => ({ stage, mode: 'gather' as Mode })
const merge = (stage: number) => ({ stage, mode: 'merge' as Mode })

/** Where two uses of one stage's rows are read, each use is a source of its own, as in every plan. */
export const CATALOGUE: readonly Deadlock[] = [
  {
    name: 'an ordered merge over a hash exchange whose rows all go to one side',
    stages: (all) => [leaf(all, ONE_SIDED), reads(all, merge(0))],
    resultMode: 'merge',
  },
  { name: 'an ordered merge over a hash exchange', stages: (all) => [leaf(all), reads(all, merge(0))], resultMode: 'merge' },
  {
    name: 'a join whose build side is empty, so that its probe side is never read',
    stages: (all) => [leaf(all, NONE), leaf(all), reads(all, gather(0), gather(1))],
  },
  {
    name: 'a join whose build side is all at one worker',
    stages: (all) => [leaf(all, ONE_SIDED), leaf(all), reads(all, gather(0), gather(1))],
  },
  { name: 'a self join', stages: (all) => [leaf(all), leaf(all), reads(all, gather(0), merge(1))] },
  {
    name: 'a diamond',
    stages: (all) => [leaf(all), reads(all, gather(0)), leaf(all), reads(all, gather(2)), reads(all, gather(1), gather(3))],
  },
  { name: 'all pairs full in both directions', stages: (all) => [leaf(all), reads(all, gather(0)), reads(all, gather(1))], slow: 1 },
  {
    // Rows that every worker gets are kept by the one whose build side has their key: each is in the result once.
    name: 'a broadcast with one stalled receiver',
    stages: (all) => [leaf(all), { ...leaf(all), isBroadcast: true }, reads(all, gather(0), gather(1))],
    stalledSteps: 2000,
  },
  {
    name: 'a broadcast whose receivers first read a side that is all at one of them',
    stages: (all) => [leaf(all, ONE_SIDED), { ...leaf(all), isBroadcast: true }, reads(all, gather(0), gather(1))],
  },
  {
    name: 'a stream passed on to a third participant',
    stages: (all) => [leaf([all[0]]), reads([all[Math.min(1, all.length - 1)]], gather(0)), reads([all[0]], gather(1))],
  },
]

export interface Variant {
  readonly workers: number
  readonly limit: number
  readonly seed: number
  readonly queueBytes: number
  readonly disk: Scenario['disk']
}

export function scenarioFor({ stages, resultMode = 'gather', slow = 0, stalledSteps = 0 }: Deadlock, variant: Variant): Scenario {
  const workers = Array.from({ length: variant.workers }, (_none, index) => index + 1)
  const participants = variant.workers + 1
  return normal({
    participants,
    ringBytes: 0x1000,
    backRingBytes: 0x1000,
    controlRecords: 1,
    elasticBytes: 0,
    queueBytes: variant.queueBytes,
    disk: variant.disk,
    planAt: new Array(participants).fill(0),
    stages: stages(workers),
    resultMode,
    slow,
    limit: variant.limit,
    endsAtOnce: false,
    isLive: false,
    calls: [],
    generation: 0,
    faults: stalledSteps === 0 ? [] : [{ do: 'block', who: variant.workers, step: 50, steps: stalledSteps }],
    schedule: { seed: variant.seed, bellDelay: 10, bellRepeat: 10, preempt: variant.seed % 2 === 0 ? 0 : 10, stale: 10 },
  })
}
