import { type Int32Columns, NO_INT32 } from '../../columnar/int32-columns.js'
import type { ColumnPlan } from '../column-plan.js'
import { isFunctionOperator, type JoinOperatorPlan, type OperatorPlan, type Plan } from '../plan.js'

/** Of what the stage of that number sends here beside the input. */
type RightInt32 = (stage: number) => Int32Columns

/**
 * Whether the rows that a stage sends may have columns of int32. Where several send to one, a column is not int32 unless all of them may: so a
 * type does not depend on whose rows come first.
 */
export function maySendInt32({ stages }: Pick<Plan, 'stages'>, stage: number): boolean {
  const may = (sender: number): boolean => {
    const { input, operators } = stages[sender]
    let has = false
    if (input.kind === 'exchange') has = input.stages.every(may)
    else if (input.kind === 'fork') has = may(input.stage)
    else if (input.kind === 'csv') has = input.columns?.some(isInt32) ?? false
    else if (input.kind === 'parquet' || input.kind === 'arrow') has = input.columns?.some(isInt32) ?? true
    for (const operator of operators) {
      if (operator.op === 'join') has ||= may(operator.right)
      else if (operator.op === 'sql') has = operator.columns.some(isInt32)
      else if (makesRows(operator)) has = false
    }
    return has
  }
  return may(stage)
}

function isInt32({ type }: ColumnPlan): boolean {
  return type === 'int32'
}

/** Whether the rows behind it are others than before it: those of a function, or of a sink. */
function makesRows(operator: OperatorPlan): boolean {
  if (operator.op === 'write') return true
  return isFunctionOperator(operator) && !['filter', 'reducePartial', 'reduceFinal'].includes(operator.op)
}

/** Which columns are int32 before each operator of a stage, the first of which has those of the input, and behind the last. */
export function int32Through(operators: readonly OperatorPlan[], input: Int32Columns, right: RightInt32): Int32Columns[] {
  const all = [input]
  let last = input
  for (const operator of operators) {
    last = int32Behind(operator, last, right)
    all.push(last)
  }
  return all
}

/**
 * Which columns of the rows behind an operator are int32. Rows that pass as they are keep what they have, groups what their keys have; what a
 * function or an aggregate makes is float64.
 */
function int32Behind(operator: OperatorPlan, input: Int32Columns, right: RightInt32): Int32Columns {
  switch (operator.op) {
    case 'join':
      return joined(operator, input, right)
    case 'groupPartial':
    case 'groupFinal':
    case 'reducePartial':
    case 'reduceFinal':
      return restricted(input, (column) => (operator.keys.includes(column) ? column : undefined))
    case 'sql':
      return declaredInt32(operator.columns)
    default:
      return makesRows(operator) ? NO_INT32 : input
  }
}

function joined({ kind, right: stage, rightKeys, suffix }: JoinOperatorPlan, left: Int32Columns, right: RightInt32): Int32Columns {
  if (kind === 'semi' || kind === 'anti') return left
  const added = restricted(right(stage), (column) => {
    const there = column.slice(0, column.length - suffix.length)
    return column.endsWith(suffix) && !rightKeys.includes(there) ? there : undefined
  })
  return {
    has: (column) => left.has(column) || added.has(column),
    onWidened: (listener) => {
      left.onWidened(listener)
      added.onWidened(listener)
    },
  }
}

/** Of the rows of a statement: what was declared. */
function declaredInt32(columns: readonly ColumnPlan[]): Int32Columns {
  const names = new Set(columns.filter(isInt32).map(({ column }) => column))
  return { has: (column) => names.has(column), onWidened: () => {} }
}

/** Some of the columns: `nameOf` gives the name that a column has in the input, if it has one there. */
function restricted(input: Int32Columns, nameOf: (column: string) => string | undefined): Int32Columns {
  return {
    has: (column) => {
      const name = nameOf(column)
      return name !== undefined && input.has(name)
    },
    onWidened: (listener) => input.onWidened(listener),
  }
}
