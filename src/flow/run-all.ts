import { MillraceError } from '../base/errors.js'
import { executeAll } from './execute.js'
import { explainPlan } from './explain.js'
import { Flow } from './flow-builder.js'
import { checkModule } from './one-module.js'
import { setParams } from './params.js'
import type { Plan } from './plan.js'
import { planFlows } from './plan-flows.js'
import type { FlowsRun } from './run.js'
import type { RunOptions } from './run-options.js'
import { isSmallSide } from './small-side.js'

/** Flows, by the types of their rows. */
type Flows<R extends readonly unknown[]> = readonly [...{ [I in keyof R]: Flow<R[I]> }]

/**
 * Runs several flows of one module as one: what they have in common at their beginning, their source and every step up to where they part, is read and
 * done once. Those that have nothing in common run side by side. One loop takes the rows of all of them, each with the number of its flow, so that
 * nobody waits for a flow that is not being read; the slowest one holds back what they share, a `limit` that is reached does not.
 *
 * Options, params and inputs are those of `run`, for all flows. Nothing starts before the rows are asked for.
 *
 * @throws MillraceError `InvalidArgument`, for flows of several modules too, `ParamUnknown`, `ParamInvalid`
 */
export function runAll<const R extends readonly unknown[]>(flows: Flows<R>, options: RunOptions = {}): FlowsRun<R> {
  const plan = planAll('runAll', flows, options.cwd)
  return executeAll<R>(setParams(plan, options.params ?? {}), flows.length, options)
}

/** The plan of `runAll` as text: where `hand each row` stands, flows part. @throws MillraceError `InvalidArgument` */
export async function explainAll<const R extends readonly unknown[]>(flows: Flows<R>): Promise<string> {
  return explainPlan(planAll('explainAll', flows))
}

function planAll(where: string, flows: readonly unknown[], cwd: string = process.cwd()): Plan {
  if (!Array.isArray(flows) || flows.length === 0) throw new MillraceError('InvalidArgument', `${where}() takes an array of flows`)
  const all = flows.map((each, index) => {
    const parts = Flow.partsOf(each)
    if (parts === undefined) throw new MillraceError('InvalidArgument', `${where}(): element ${index} is no flow`)
    return parts
  })
  all.forEach((parts, index) => {
    checkModule(`${where}()`, `flow ${index}`, parts, all[0])
  })
  return planFlows(all, (parts) => isSmallSide(parts, cwd))
}
