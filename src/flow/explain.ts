import type { ColumnPlan } from './column-plan.js'
import { decodeParam, EnvRef } from './param-codec.js'
import {
  type AggregatePlan,
  type FailingPlan,
  type FunctionOperatorPlan,
  type InputPlan,
  type JoinOperatorPlan,
  keepsRows,
  type OperatorPlan,
  type OrderPlan,
  type OutputPlan,
  type Plan,
  type SinkOperatorPlan,
  type SqlOperatorPlan,
  type StagePlan,
} from './plan.js'
import { statementOf } from './statement.js'

/** A plan as text: one line per stage, input, operator and output; ends with a newline. Says nothing that differs between machines. */
export function explainPlan(plan: Plan): string {
  const isStatement = statementOf(plan) !== undefined
  return `${plan.stages.map((stage) => stageText(stage, isStatement)).join('\n')}\n`
}

function stageText(stage: StagePlan, isStatement: boolean): string {
  const on = stage.on === 'all' ? 'every worker' : isStatement ? 'the leader (among processes, on one worker)' : 'one worker'
  const lines = [
    inputText(stage.input),
    ...stage.operators.map((operator) => operatorText(operator, stage.on)),
    outputText(stage.output),
  ].filter((line) => line !== '')
  return [`stage ${stage.id} on ${on}${memoryText(stage)}`, ...lines.map((line) => `  ${line}`)].join('\n')
}

/** What the operators of a stage may keep, if any keeps something. */
function memoryText({ operators }: StagePlan): string {
  const keepers = operators.filter(keepsRows).length
  return keepers === 0 ? '' : `, keeps up to 3/4 of memoryBytes${keepers === 1 ? '' : ` (${keepers} operators alike)`}`
}

function inputText(input: InputPlan): string {
  if (input.kind === 'exchange') {
    if (input.stages.length === 0) return ''
    const from = input.stages.join(' and ')
    return input.merge ? `merge stage ${from} by ${orderText(input.merge)}` : `receive stage ${from}`
  }
  if (input.kind === 'fork') return `take each row of stage ${input.stage}`
  if (input.kind === 'rows') return `read rows ${input.name}`
  const shown = columnsText('columns' in input ? input.columns : undefined)
  return `read ${input.kind} ${input.patterns.join(' ')}${shown}${input.allowEmpty ? ' (may be empty)' : ''}${retriesText(input.retries)}${leftOutText('onError' in input ? input : {})}`
}

function retriesText(retries: number | undefined): string {
  return retries === undefined ? '' : ` (a split up to ${retries + 1} times)`
}

function columnsText(columns: readonly (ColumnPlan | string)[] | undefined): string {
  if (columns === undefined) return ''
  const texts = columns.map((c) => (typeof c === 'string' ? c : `${c.column}: ${c.type}${c.nullable ? '?' : ''}`))
  return ` { ${texts.join(', ')} }`
}

function operatorText(operator: OperatorPlan, on: StagePlan['on']): string {
  switch (operator.op) {
    case 'groupPartial':
    case 'groupFinal':
      return `${operator.op === 'groupPartial' ? 'group partial' : 'group final'} by ${operator.keys.join(', ')}${aggregatesText(operator.aggregates)}`
    case 'sort':
      return `sort by ${orderText(operator)}`
    case 'topK':
      return `top ${operator.rows} by ${orderText(operator)}`
    case 'topPerKeyPartial':
    case 'topPerKeyFinal': {
      const half = operator.op === 'topPerKeyPartial' ? 'partial' : 'final'
      return `top ${operator.rows} of each ${operator.keys.join(', ')} ${half} by ${orderText(operator)}`
    }
    case 'limit':
      return `limit ${operator.rows}`
    case 'join':
      return joinText(operator)
    case 'sql':
      return sqlText(operator, on)
    case 'distinctPartial':
    case 'distinctFinal':
      return `distinct ${operator.op === 'distinctPartial' ? 'partial' : 'final'}`
    case 'write':
    case 'tee':
      return sinkText(operator)
    default:
      return functionText(operator)
  }
}

function joinText({ kind, right, keys, rightKeys, suffix }: JoinOperatorPlan): string {
  const on = keys.map((key, index) => (key === rightKeys[index] ? key : `${key} = ${rightKeys[index]}`)).join(', ')
  return `${kind} join with stage ${right} on ${on}${suffix === '' ? '' : `, suffix ${suffix}`}`
}

function sqlText({ text, values, columns, tables }: SqlOperatorPlan, on: StagePlan['on']): string {
  const bound = values.map((value, index) => `$${index + 1} = ${valueText(value)}`)
  const over = tables.map(({ name, stage }) => (stage === undefined ? name : `${name} of stage ${stage}`))
  return [
    'sql',
    ...(over.length > 0 ? [`over ${over.join(', ')}`] : []),
    `(${sqlPlace(tables.length, on)}):`,
    text.trim().replace(/\s+/g, ' '),
    ...(bound.length > 0 ? [`with ${bound.join(', ')}`] : []),
    `gives${columnsText(columns)}`,
  ].join(' ')
}

/** Who runs a statement, and why. */
function sqlPlace(tables: number, on: StagePlan['on']): string {
  if (tables === 0) return 'one DuckDB with all threads: it spreads what it reads better than workers would'
  return on === 'one' ? 'one DuckDB: what it asks for may be of all rows' : 'a DuckDB in each worker, of what comes there'
}

function sinkText({ op, sink }: SinkOperatorPlan): string {
  const { parts } = sink
  const columns = columnsText('columns' in sink ? sink.columns : undefined)
  const limits = [parts?.rows !== undefined && `${parts.rows} rows a part`, parts?.bytes !== undefined && `${parts.bytes} bytes a part`]
  const notes = [...limits, parts?.overwrite === true && 'replaces parts', parts?.resume !== undefined && 'can be resumed'].filter(
    (note) => note !== false,
  )
  return `${op} ${sink.kind} ${sink.path}${columns}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`
}

function functionText(operator: FunctionOperatorPlan): string {
  const { fn, params, setup } = operator
  const given = Object.entries(params ?? {}).map(([key, value]) => `${key}: ${valueText(value)}`)
  const needs = [
    `${callText(operator)} ${fn.name}`,
    ...(given.length > 0 ? [`{ ${given.join(', ')} }`] : []),
    ...(setup ? [`setup ${setup.name}`] : []),
  ]
  return `${needs.join(' ')}${failingText(operator)}`
}

/** What is done with rows for which the function fails, and how long it may take. */
function failingText(operator: FunctionOperatorPlan): string {
  const { timeoutMs } = operator
  return `${leftOutText(operator)}${timeoutMs === undefined ? '' : ` (in ${timeoutMs} ms)`}`
}

function leftOutText({ onError, maxErrors }: FailingPlan): string {
  if (onError === undefined) return ''
  const most = maxErrors === undefined ? '' : `, at most ${maxErrors}`
  return onError === 'skip' ? ` (leaves failing rows out${most})` : ` (writes failing rows to ${onError.path}${most})`
}

function callText(operator: FunctionOperatorPlan): string {
  switch (operator.op) {
    case 'mapBatches':
    case 'mapColumns':
      return `${operator.op} of ${operator.rows}`
    case 'mapAsync':
      return `mapAsync ${operator.concurrency} at once`
    case 'reducePartial':
    case 'reduceFinal':
      return `reduce ${operator.op === 'reducePartial' ? 'partial' : 'final'} by ${operator.keys.join(', ')} with`
    case 'perKey':
      return `for each ${operator.keys.join(', ')}`
    default:
      return operator.op
  }
}

function valueText(encoded: unknown): string {
  const value = decodeParam(encoded)
  if (value instanceof EnvRef) return `env(${value.name})`
  if (typeof value === 'bigint') return `${value}n`
  return typeof value === 'number' ? String(value) : JSON.stringify(encoded)
}

function aggregatesText(aggregates: readonly AggregatePlan[]): string {
  return aggregates.length === 0
    ? ''
    : `: ${aggregates.map((a) => `${a.as} = ${a.fn}(${a.column ?? ''}${a.by === undefined ? '' : ` by ${a.by}`})`).join(', ')}`
}

function outputText(output: OutputPlan): string {
  if (output.exchange === 'fork') return `hand each row, where it is, to stages ${output.to.join(' and ')}`
  const to = output.to === 'leader' ? 'the leader' : `stage ${output.to}`
  switch (output.exchange) {
    case 'hash':
      return `hash by ${output.keys.length === 0 ? 'the whole row' : output.keys.join(', ')} to ${to}`
    case 'broadcast':
      return `broadcast to ${to}`
    case 'roundRobin':
      return `deal out to ${to}`
    case 'merge':
      return `send ordered by ${orderText(output)} to ${to}`
    case 'gather':
      return `gather to ${to}${output.flow === undefined ? '' : ` as flow ${output.flow}`}${output.limit === undefined ? '' : `, limit ${output.limit}`}`
  }
}

function orderText({ by, stable }: OrderPlan): string {
  const keys = by.map((key) => `${key.column}${key.descending ? ' desc' : ''}`)
  return [...keys, ...(stable ? ['all columns'] : [])].join(', ')
}
