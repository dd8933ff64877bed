import { type Call, normal, type Rows, type Scenario, type Stage } from './scenario.js'
import { simulate } from './simulate.js'

/** A smaller scenario may need another order of steps to fail: so many are tried. */
const SCHEDULES = 12

/** Scenarios with one part less. */
function* smaller(scenario: Scenario): Generator<Scenario> {
  const { faults, calls, schedule, stages, participants } = scenario
  for (const [index] of faults.entries()) yield { ...scenario, faults: without(faults, index) }
  if (calls.length > 1) yield { ...scenario, calls: [] }
  for (const [index] of calls.entries()) yield { ...scenario, calls: without(calls, index) }
  yield* lessOfStages(scenario)
  if (participants > 2 && !isUsed(scenario, participants - 1))
    yield { ...scenario, participants: participants - 1, planAt: scenario.planAt.slice(0, -1) }
  for (const [key, value] of Object.entries({
    limit: -1,
    slow: 0,
    queueBytes: 1e9,
    disk: 'none',
    resultMode: 'gather',
    ringBytes: 0x1000,
    controlRecords: 256,
  }))
    yield { ...scenario, [key]: value }
  yield { ...scenario, endsAtOnce: false }
  yield { ...scenario, planAt: scenario.planAt.map(() => 0) }
  for (const key of ['preempt', 'stale', 'bellDelay', 'bellRepeat']) yield { ...scenario, schedule: { ...schedule, [key]: 0 } }
  for (const [index, stage] of stages.entries())
    for (const less of lessOfStage(stage)) yield { ...scenario, stages: replaced(stages, index, less) }
  for (const [index, call] of calls.entries())
    for (const less of lessOfCall(call)) yield { ...scenario, calls: replaced(calls, index, less) }
  for (const [index, fault] of faults.entries())
    if (fault.do === 'crash' && fault.operation > 0) yield { ...scenario, faults: replaced(faults, index, { ...fault, operation: 0 }) }
  for (const [index, fault] of faults.entries())
    if ('step' in fault && fault.step > 0)
      yield { ...scenario, faults: replaced(faults, index, { ...fault, step: Math.floor(fault.step / 2) }) }
}

function isUsed({ stages, calls, faults }: Scenario, who: number): boolean {
  return (
    stages.some(({ members }) => members.includes(who)) ||
    calls.some(({ from, to }) => from === who || to === who) ||
    faults.some((fault) => 'who' in fault && fault.who === who)
  )
}

/** The last stage goes, where it reads only one. */
function* lessOfStages(scenario: Scenario): Generator<Scenario> {
  const { stages, faults } = scenario
  const last = stages[stages.length - 1]
  if (last.inputs.length !== 1) return
  const kept = faults.filter((fault) => fault.do !== 'throw' || fault.stage !== stages.length - 1)
  yield { ...scenario, stages: stages.slice(0, -1), faults: kept }
}

function* lessOfStage(stage: Stage): Generator<Stage> {
  const { members, rows, inputs, op } = stage
  if (members.length > 1)
    for (const index of members.keys()) yield { ...stage, members: without(members, index), rows: without(rows, index) }
  if (op !== 'pass' && op !== 'semi') yield { ...stage, op: 'pass' }
  if (inputs.some(({ mode }) => mode === 'merge')) yield { ...stage, inputs: inputs.map((input) => ({ ...input, mode: 'gather' })) }
  for (const [index, each] of rows.entries()) for (const less of lessOfRows(each)) yield { ...stage, rows: replaced(rows, index, less) }
}

function* lessOfRows(rows: Rows): Generator<Rows> {
  if (rows.count > 0) {
    yield { ...rows, count: Math.floor(rows.count / 2) }
    yield { ...rows, count: rows.count - 1 }
  }
  if (rows.pad > 0) yield { ...rows, pad: 0 }
  if (rows.keys > 1) yield { ...rows, keys: 1 }
  if (rows.pauseEvery > 0) yield { ...rows, pauseEvery: 0 }
}

function* lessOfCall(call: Call): Generator<Call> {
  const { values } = call
  for (const index of values.keys()) yield { ...call, values: without(values, index) }
  if (call.inputBytes > 0) yield { ...call, inputBytes: 0 }
  if (call.fails) yield { ...call, fails: false }
  if (call.pauses) yield { ...call, pauses: false }
  if (call.slow > 0) yield { ...call, slow: 0 }
  if (call.cancelStep >= 0) yield { ...call, cancelStep: -1 }
  if (call.leaves >= 0) yield { ...call, leaves: -1 }
  if (call.follows) yield { ...call, follows: false }
  if (call.step > 0) yield { ...call, step: Math.floor(call.step / 2) }
}

function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_each, at) => at !== index)
}

function replaced<T>(list: readonly T[], index: number, by: T): T[] {
  return list.map((each, at) => (at === index ? by : each))
}

/** The scenario, or it with another order of steps, if it fails. */
async function failing(scenario: Scenario): Promise<Scenario | undefined> {
  const wellFormed = normal(scenario)
  for (let more = 0; more < SCHEDULES; more++) {
    const { schedule } = wellFormed
    const candidate = { ...wellFormed, schedule: { ...schedule, seed: schedule.seed + more } }
    if ((await simulate(candidate)).failure !== undefined) return candidate
  }
  return undefined
}

/** Drops parts of a scenario that fails for as long as it still does. */
export async function shrink(scenario: Scenario): Promise<Scenario> {
  let least = scenario
  for (;;) {
    const before = least
    const seen = JSON.stringify(least)
    for (const candidate of smaller(least)) {
      if (JSON.stringify(candidate) === seen) continue
      const fails = await failing(candidate)
      if (fails === undefined) continue
      least = fails
      break
    }
    if (least === before) return least
  }
}
