import { seeded } from '../support/test-loop.js'

/** How the rows of a stage are read by the next one. */
export type Mode = 'gather' | 'merge'
/** What a stage does with its rows. semi: rows of its second input whose key the first has; it reads the first to its end before. */
export type Op = 'pass' | 'even' | 'twice' | 'count' | 'semi'

/** Rows that one member of a leaf stage makes. */
export interface Rows {
  readonly count: number
  /** Each row's text has up to so many characters. */
  readonly pad: number
  /** How many different keys there are: 1 sends all rows to one receiver. */
  readonly keys: number
  /** Waits for its input after so many rows; 0: never. */
  readonly pauseEvery: number
}

export interface Stage {
  readonly members: readonly number[]
  /** Indexes of stages before this one; none: a leaf. */
  readonly inputs: readonly { readonly stage: number; readonly mode: Mode }[]
  readonly op: Op
  /** Of a leaf: one for each member. */
  readonly rows: readonly Rows[]
  /** It gives every row to all its receivers. Only into a stage that keeps each at one of them: `semi`, whose other input is spread by keys. */
  readonly isBroadcast?: boolean
}

/** A call to a stream handler, made once the step has come and, if it follows, the call before it in the list is over for its caller. */
export interface Call {
  readonly from: number
  readonly to: number
  readonly step: number
  readonly follows: boolean
  readonly inputBytes: number
  /** Bytes of the values that it gives. */
  readonly values: readonly number[]
  readonly fails: boolean
  /** The handler waits between its values. */
  readonly pauses: boolean
  /** The caller leaves after so many values; -1: it stays. */
  readonly leaves: number
  /** The caller cancels at this step, whatever it waits for; -1: it does not. */
  readonly cancelStep: number
  /** The caller waits so many turns before each value. */
  readonly slow: number
  /** The values come from the caller, in a stream beside the input, and the handler hands them on. */
  readonly isDuplex: boolean
  /** So many values may be made ahead of the caller; 0: as its credit goes. */
  readonly ahead: number
}

export type Fault =
  /** It exits: at once, or at its operation on a link of this number from then on, in the midst of what it does. */
  | { readonly do: 'crash'; readonly who: number; readonly step: number; readonly operation: number }
  /** Its session of the query, or the one of calls, ends. */
  | { readonly do: 'endQuery' | 'endCalls'; readonly who: number; readonly step: number }
  /** It does nothing for a while. */
  | { readonly do: 'block'; readonly who: number; readonly step: number; readonly steps: number }
  /** The consumer of the result leaves. */
  | { readonly do: 'leave'; readonly step: number }
  /** A stage throws before its row of this number. */
  | { readonly do: 'throw'; readonly stage: number; readonly who: number; readonly row: number }
  /** Planning fails. */
  | { readonly do: 'planFails'; readonly who: number }

export interface Schedule {
  readonly seed: number
  /** A bell takes up to so many steps. */
  readonly bellDelay: number
  /** One bell of so many rings twice; 0: none does. */
  readonly bellRepeat: number
  /** At one of so many operations on a link another participant takes its turn; 0: at none. */
  readonly preempt: number
  /** One turn of so many looked at its control rings when its step before had just ended; 0: none did. */
  readonly stale: number
}

/** All that happens in one run, as plain data; participant 0 leads. */
export interface Scenario {
  readonly participants: number
  /** Of the data ring from the smaller to the greater participant of a link, and of the one back. */
  readonly ringBytes: number
  readonly backRingBytes: number
  /** How many records a control ring holds. */
  readonly controlRecords: number
  readonly elasticBytes: number
  /** What a stage may queue. */
  readonly queueBytes: number
  /** What is beyond that goes to a disk of each participant: there is none, it holds what it must, or it refuses its write of this number. */
  readonly disk: 'none' | 'ample' | number
  /** At which step each participant plans the query. */
  readonly planAt: readonly number[]
  /** The last one feeds the leader. */
  readonly stages: readonly Stage[]
  readonly resultMode: Mode
  /** The leader waits a turn after so many rows; 0: it never does. */
  readonly slow: number
  /** The leader leaves after so many rows; -1: it stays. */
  readonly limit: number
  /** The sessions of the query end as soon as the leader has its result, whatever is under way. */
  readonly endsAtOnce: boolean
  /** A leaf has a row only after those that it gave have reached the leader. Only where every stage passes on each row as it comes. */
  readonly isLive: boolean
  readonly calls: readonly Call[]
  /** The last generation of the first ids of calls: near 65535 it wraps. */
  readonly generation: number
  readonly faults: readonly Fault[]
  readonly schedule: Schedule
}

/** Draws from a seed. */
class Draw {
  readonly random: () => number

  constructor(seed: number) {
    this.random = seeded(seed)
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  of<T>(...options: readonly T[]): T {
    return options[this.below(options.length)]
  }

  chance(part: number): boolean {
    return this.random() < part
  }

  list<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_none, index) => make(index))
  }

  /** At least one of them, in order. */
  some(from: readonly number[]): number[] {
    const picked = from.filter(() => this.chance(0.6))
    return picked.length > 0 ? picked : [this.of(...from)]
  }
}

/** The steps of an ordinary run, about: faults fall between. */
const STEPS = 160

/** Broadcasts and streams of inputs are drawn apart, so that what a seed had before there were any is what it still has. */
const BROADCASTS = 1_000_000_007
const STREAMS = 2_000_000_011

/** The same in another order of steps. */
export function rescheduled(scenario: Scenario, seed: number): Scenario {
  return { ...scenario, schedule: { ...scenario.schedule, seed } }
}

/** The scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const draw = new Draw(seed)
  const participants = 2 + draw.below(4)
  const workers = draw.list(participants - 1, (index) => index + 1)
  const isLive = draw.chance(0.15)
  const stages = drawStages(draw, workers, isLive)
  const scenario: Scenario = {
    participants,
    ringBytes: draw.of(0x1000, 0x1000, 0x2000),
    backRingBytes: draw.of(0x1000, 0x1000, 0x2000),
    controlRecords: draw.of(1, 2, 4, 256),
    elasticBytes: draw.of(0, 0, 1500, 0x1000, 0x1_0000),
    queueBytes: draw.of(1e9, 0, 2000, 20_000),
    planAt: draw.list(participants, () => draw.of(0, 0, 0, draw.below(40), draw.below(2 * STEPS))),
    stages,
    resultMode: isLive ? 'gather' : draw.of('gather', 'merge'),
    slow: draw.of(0, 0, 1, 7),
    limit: draw.chance(0.2) ? draw.below(30) : -1,
    endsAtOnce: draw.chance(0.3),
    isLive,
    calls: drawCalls(draw, participants),
    generation: draw.of(0, 0x7fff, 0xfffe),
    faults: draw.list(draw.of(0, 0, 1, 1, 2, 3), () => drawFault(draw, participants, stages)).flatMap((fault) => stuckFirst(draw, fault)),
    schedule: {
      seed: draw.below(1e9),
      bellDelay: draw.of(0, 0, 10, 50),
      bellRepeat: draw.of(0, 2, 10),
      preempt: draw.of(0, 0, 3, 10, 50),
      stale: draw.of(0, 2, 2, 5),
    },
    disk: draw.of<Scenario['disk']>('none', 'ample', 'ample', draw.below(8)),
  }
  const calls = withStreams(new Draw(seed + STREAMS), scenario.calls)
  return normal(withBroadcasts(new Draw(seed + BROADCASTS), { ...scenario, calls }))
}

function drawStages(draw: Draw, workers: readonly number[], passesAll: boolean): Stage[] {
  const stages: Stage[] = []
  const mode = (): Mode => (passesAll ? 'gather' : draw.of('gather', 'merge'))
  const leaf = (): number => {
    const members = draw.some(workers)
    return (
      stages.push({
        members,
        inputs: [],
        op: passesAll ? 'pass' : draw.of('pass', 'pass', 'twice'),
        rows: members.map(() => drawRows(draw)),
      }) - 1
    )
  }
  let last = leaf()
  for (let more = draw.below(3); more > 0; more--) {
    const op = passesAll ? 'pass' : draw.of<Op>('pass', 'even', 'twice', 'count', 'count', 'semi')
    const inputs = [{ stage: last, mode: mode() }]
    if (op === 'semi') inputs.splice(draw.below(2), 0, { stage: leaf(), mode: mode() })
    last = stages.push({ members: draw.some(workers), inputs, op, rows: [] }) - 1
  }
  return stages
}

/** One of two inputs of a `semi` goes to all its members, now and then with much that has no room in memory. */
function withBroadcasts(draw: Draw, scenario: Scenario): Scenario {
  const chosen = scenario.stages.flatMap(({ op, inputs }) => (op === 'semi' && draw.chance(0.6) ? [draw.of(...inputs).stage] : []))
  if (chosen.length === 0) return scenario
  const isMuch = draw.chance(0.6)
  const much: Rows = { count: 60, pad: draw.of(700, 6000), keys: draw.of(2, 10), pauseEvery: 0 }
  const stages = scenario.stages.map((stage, index) => {
    if (!chosen.includes(index)) return stage
    return { ...stage, isBroadcast: true, rows: isMuch ? stage.rows.map(() => much) : stage.rows }
  })
  return isMuch
    ? { ...scenario, stages, queueBytes: draw.of(0, 2000), disk: draw.of<Scenario['disk']>('ample', 'ample', draw.below(8)) }
    : { ...scenario, stages }
}

function drawRows(draw: Draw): Rows {
  return {
    count: draw.of(0, 1, 5, 20, 60, 60),
    pad: draw.of(0, 10, 100, 700, 6000),
    keys: draw.of(1, 2, 10, 100),
    pauseEvery: draw.of(0, 0, 1, 5, 20),
  }
}

/** Anywhere; or between the same two: some, or a crowd at once, or a burst of short ones, each made when the one before is over or left. */
function drawCalls(draw: Draw, participants: number): Call[] {
  const pair = (): [number, number] => {
    const from = draw.below(participants)
    return [from, (from + 1 + draw.below(participants - 1)) % participants]
  }
  const always = draw.chance(0.5) ? pair() : undefined
  const some = draw.list(draw.of(0, 0, 1, 4, 10), () => drawCall(draw, always ?? pair()))
  if (always === undefined) return some
  const kind = draw.below(5)
  if (kind === 0) return drawCrowd(draw, always)
  return kind <= 2 ? drawBurst(draw, always) : some
}

function drawCrowd(draw: Draw, pair: readonly [number, number]): Call[] {
  const first = draw.below(STEPS)
  const values = [1, 400, 520, 3000]
  return draw.list(16, () => {
    const call = drawCall(draw, pair)
    return { ...call, step: first + draw.below(10), follows: false, values: draw.list(draw.of(1, 4), () => draw.of(...values)) }
  })
}

function drawBurst(draw: Draw, pair: readonly [number, number]): Call[] {
  const short = { inputBytes: 0, fails: false, pauses: false, slow: 0 }
  return draw.list(24, () => {
    const values = draw.list(draw.of(1, 2, 3), () => draw.of(1, 400))
    return { ...drawCall(draw, pair), ...short, follows: draw.chance(0.9), values, leaves: draw.of(-1, 1, 1, 2) }
  })
}

function drawCall(draw: Draw, [from, to]: readonly [number, number]): Call {
  return {
    from,
    to,
    step: draw.below(STEPS),
    follows: draw.chance(0.5),
    inputBytes: draw.of(0, 10, 400, 3000, 6000),
    values: draw.list(draw.of(0, 1, 2, 5, 12), () => draw.of(1, 100, 500, 520, 3000, 20_000)),
    fails: draw.chance(0.2),
    pauses: draw.chance(0.3),
    leaves: draw.chance(0.3) ? draw.below(3) : -1,
    cancelStep: draw.chance(0.2) ? draw.below(2 * STEPS) : -1,
    slow: draw.of(0, 0, 3),
    isDuplex: false,
    ahead: 0,
  }
}

/** Inputs that are streams, and marks, of some of the calls. */
function withStreams(draw: Draw, calls: readonly Call[]): Call[] {
  if (draw.chance(0.6)) return [...calls]
  return calls.map((call) => {
    const isDuplex = draw.chance(0.5)
    return { ...call, isDuplex, ahead: draw.of(0, 0, 1, 3), inputBytes: isDuplex ? Math.min(call.inputBytes, 400) : call.inputBytes }
  })
}

function drawFault(draw: Draw, participants: number, stages: readonly Stage[]): Fault {
  const who = draw.below(participants)
  const step = draw.below(2) * draw.below(STEPS) + draw.below(STEPS)
  const stage = draw.below(stages.length)
  const kinds = ['crash', 'crash', 'endQuery', 'endCalls', 'block', 'leave', 'throw', 'throw', 'planFails'] as const
  const kind = draw.of(...kinds)
  switch (kind) {
    case 'crash':
      return { do: kind, who, step, operation: draw.of(0, draw.below(20)) }
    case 'endQuery':
    case 'endCalls':
      return { do: kind, who, step }
    case 'block':
      return { do: kind, who: draw.of(0, who), step, steps: 20 + draw.below(200) }
    case 'leave':
      return { do: kind, step }
    case 'throw':
      return { do: kind, stage, who: draw.of(...stages[stage].members), row: draw.of(0, 1, 5, 20, 60, draw.below(60)) }
    case 'planFails':
      return { do: kind, who: 1 + draw.below(participants - 1) }
  }
}

/** Now and then who exits or ends has done nothing for a while: the rings towards it are full. */
function stuckFirst(draw: Draw, fault: Fault): Fault[] {
  if ((fault.do !== 'crash' && fault.do !== 'endQuery') || draw.chance(0.7)) return [fault]
  const steps = 20 + draw.below(STEPS)
  return [{ do: 'block', who: fault.who, step: Math.max(0, fault.step - steps), steps }, fault]
}

/** Whether what a stage sends is in order. */
function isOrdered(stages: readonly Stage[], index: number): boolean {
  const { inputs, op } = stages[index]
  return inputs.length === 0 || op === 'count' || inputs[inputs.length - 1].mode === 'merge'
}

/** Whether each of a stage's rows, which all its receivers get, is kept by one of them. */
function canBroadcast(stages: readonly Stage[], index: number): boolean {
  const reader = stages.find(({ inputs }) => inputs.some(({ stage }) => stage === index))
  return reader?.op === 'semi' && reader.inputs.every(({ stage }) => stage === index || stages[stage].isBroadcast !== true)
}

/** Merges only what is in order and is live or a broadcast only where that can be, in a scenario of which parts were drawn or dropped one by one. */
export function normal(scenario: Scenario): Scenario {
  const stages: Stage[] = []
  const modeOf = (stage: number, mode: Mode): Mode => (isOrdered(stages, stage) ? mode : 'gather')
  scenario.stages.forEach((stage, index) => {
    const inputs = stage.inputs.map((input) => ({ ...input, mode: modeOf(input.stage, input.mode) }))
    stages.push({ ...stage, inputs, isBroadcast: stage.isBroadcast === true && canBroadcast(scenario.stages, index) })
  })
  const resultMode = modeOf(stages.length - 1, scenario.resultMode)
  const passes = stages.every(({ op, inputs }) => op === 'pass' && inputs.every(({ mode }) => mode === 'gather'))
  return { ...scenario, stages, resultMode, isLive: scenario.isLive && passes && resultMode === 'gather' }
}
