import type { Plan, SqlOperatorPlan } from './plan.js'

/** A flow that is one statement, from end to end. */
export interface Statement {
  readonly stage: number
  readonly operator: SqlOperatorPlan
  /** Which flow's rows they are. */
  readonly flow: number
}

/** Undefined where a plan is more than a statement without tables whose rows go as they are to who runs it. */
export function statementOf({ stages }: Plan): Statement | undefined {
  const [{ id, operators, output }] = stages
  const [operator] = operators
  if (stages.length > 1 || operators.length !== 1 || operator.op !== 'sql' || operator.tables.length > 0) return undefined
  if (output.exchange !== 'gather' || output.to !== 'leader' || output.limit !== undefined) return undefined
  return { stage: id, operator, flow: output.flow ?? 0 }
}
