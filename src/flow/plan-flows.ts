import { MillraceError } from '../base/errors.js'
import { isFunctionOperator, type Plan, retriedOf, type SourcePlan, type StagePlan } from './plan.js'
import { type IsSmall, Planner, takesOrder, wantOrder } from './planner.js'
import { refuseResume } from './sinks/resume-plan.js'
import type { FlowParts, Step } from './step.js'

/** The plan of one flow. `isSmall`: of the right side of a join. */
export function planFlow({ module, input, steps }: FlowParts, isSmall: IsSmall = () => false): Plan {
  const stages: StagePlan[] = []
  const planner = new Planner(stages, input, isSmall)
  for (const step of steps) planner.add(step)
  planner.finish()
  return finished(module, stages)
}

/**
 * One plan for several flows of one module. Those that begin alike, with the same source and the same steps, share the stages of these steps, of joins and
 * unions too; where they part, the stage forks. What is on the right of a join, or put in by a union, is shared only together with that step: so
 * nothing forked is waited for by anything else that is forked, and none of it can stand still (docs/decisions/run-all.md).
 */
export function planFlows(flows: readonly FlowParts[], isSmall: IsSmall = () => false): Plan {
  const stages: StagePlan[] = []
  const branches = flows.map(({ input, steps }, flow) => ({ flow, input, steps }))
  for (const group of grouped(branches, ({ input, steps }) => beginningOf(input, steps))) {
    planBranches(new Planner(stages, group[0].input, isSmall), group, 0)
  }
  return finished(flows[0].module, stages)
}

/** A flow of several. */
interface Branch {
  readonly flow: number
  readonly steps: readonly Step[]
}

/** Plans the steps from `at` on of flows that are the same before. */
function planBranches(planner: Planner, branches: readonly Branch[], at: number): void {
  const [{ flow, steps }] = branches
  let end = at
  for (; end < steps.length && branches.every((each) => isSame(each.steps[end], steps[end])); end++) planner.add(steps[end])
  if (branches.length === 1) planner.finish(flow)
  else planParts(planner, branches, end)
}

/** Plans flows that part at a step. Those that have an order in common stay together one stage longer than those that do not see it. */
function planParts(planner: Planner, branches: readonly Branch[], at: number): void {
  const parts = partsOf(branches, at)
  const nextOf = ([{ steps }]: readonly Branch[]): Step | undefined => steps[at]
  const seeing = parts.filter((part) => takesOrder(nextOf(part)))
  const blind = parts.filter((part) => !takesOrder(nextOf(part)))
  const isSorted = at > 0 && branches[0].steps[at - 1].op === 'sort'
  if (isSorted && seeing.length > 1 && blind.length > 0 && wantOrder(seeing.map(nextOf))) {
    const [ordered, ...others] = planner.fork([seeing[0], ...blind].map(nextOf))
    planParts(ordered, seeing.flat(), at)
    for (const [index, part] of blind.entries()) planBranches(others[index], part, at)
  } else {
    const forked = planner.fork(parts.map(nextOf))
    for (const [index, part] of parts.entries()) planBranches(forked[index], part, at)
  }
}

/** Flows whose next step is the same; one that is over is a part by itself. */
function partsOf(branches: readonly Branch[], at: number): Branch[][] {
  return grouped(branches, ({ flow, steps }) => (at < steps.length ? JSON.stringify(steps[at]) : flow))
}

/**
 * What flows must have in common to read together. With `retries` all of the functions that are gone over again with a split: they have to
 * be in front of the fork.
 */
function beginningOf(input: SourcePlan, steps: readonly Step[]): string {
  if (!('retries' in input)) return JSON.stringify(input)
  const end = steps.findIndex((step) => !isRetried(step))
  return JSON.stringify([input, steps.slice(0, end < 0 ? steps.length : end)])
}

function isRetried(step: Step): boolean {
  return 'fn' in step && step.op !== 'reduceBy' && step.op !== 'perKey'
}

function isSame(a: Step | undefined, b: Step): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/** In the order in which each key comes first. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => unknown): T[][] {
  const groups = new Map<unknown, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return [...groups.values()]
}

function finished(module: string, stages: StagePlan[]): Plan {
  for (const stage of stages) refuseSkips(stage)
  refuseResume(stages)
  return { version: 1, module, stages }
}

/** A row that is left out would be counted, and written, with each attempt. */
function refuseSkips(stage: StagePlan): void {
  for (const operator of stage.operators.slice(0, retriedOf(stage))) {
    if (!isFunctionOperator(operator) || operator.onError === undefined) continue
    const { name } = operator.fn
    throw new MillraceError(
      'InvalidArgument',
      `read() has retries, and ${name} onError: before the first exchange a flow has one or the other; put exchange.roundRobin() before ${name}, or leave one out`,
    )
  }
}
