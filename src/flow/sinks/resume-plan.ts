import { MillraceError } from '../../base/errors.js'
import { type FunctionOperatorPlan, isFunctionOperator, type OperatorPlan, type StagePlan, sinksOf } from '../plan.js'
import type { SinkPlan } from '../sink-plan.js'

/** They give for each split what they would give for it alone. */
const BY_SPLIT: ReadonlySet<OperatorPlan['op']> = new Set<FunctionOperatorPlan['op']>([
  'map',
  'filter',
  'flatMap',
  'mapBatches',
  'mapColumns',
  'mapAsync',
])

/** The sink of a plan that keeps what is finished, and its stage; undefined where none does. */
export function resumedSink(stages: readonly StagePlan[]): { readonly sink: SinkPlan; readonly stage: StagePlan } | undefined {
  for (const stage of stages) for (const sink of sinksOf(stage)) if (sink.parts?.resume !== undefined) return { sink, stage }
  return undefined
}

/**
 * What is written of a split must be known to be all of it: so each row is written by the worker that read it, to this folder alone.
 * Throws `InvalidArgument` for any other plan whose sink has `resume`.
 */
export function refuseResume(stages: readonly StagePlan[]): void {
  const resumed = resumedSink(stages)
  if (resumed === undefined) return
  const problem = problemOf(stages, resumed.sink)
  if (problem === undefined) return
  throw new MillraceError(
    'InvalidArgument',
    `${resumed.sink.path} has resume: the flow reads files, calls map, filter, flatMap, mapBatches, mapColumns or mapAsync, and ends with write(); ${problem}: leave resume out, or write to that folder in a flow of its own`,
  )
}

function problemOf(stages: readonly StagePlan[], sink: SinkPlan): string | undefined {
  if (stages.filter(({ output }) => output.to === 'leader').length > 1) return 'this one runs together with others'
  const [{ input, operators }] = stages
  if (input.kind === 'rows') return 'this one reads rows() that the run is given'
  const last = operators[operators.length - 1] as OperatorPlan | undefined
  const odd = operators.find((operator) => !BY_SPLIT.has(operator.op) && operator !== last)
  if (odd !== undefined) return `this one has ${odd.op}`
  if (typeof ('onError' in input ? input.onError : undefined) === 'object') return 'this one writes rows that it cannot read'
  if (stages.length > 1) return 'this one moves rows between workers'
  const failing = operators.filter(isFunctionOperator).find(({ onError }) => typeof onError === 'object')
  if (failing !== undefined) return `this one writes rows for which ${failing.fn.name} fails`
  return last?.op === 'write' && last.sink === sink ? undefined : `this one ends with ${last?.op}`
}
