import { decodeParam } from './param-codec.js'
import type {
  AggregatePlan,
  FunctionOperatorPlan,
  InputPlan,
  JoinOperatorPlan,
  OperatorPlan,
  OrderKey,
  OutputPlan,
  Plan,
  StagePlan,
} from './plan.js'

/** A plan as text: one line per stage, input, operator and output; ends with a newline. Says nothing that differs between machines. */
export function explainPlan(plan: Plan): string {
  return `${plan.stages.map(stageText).join('\n')}\n`
}

function stageText(stage: StagePlan): string {
  const on = stage.on === 'all' ? 'every worker' : 'one worker'
  const lines = [inputText(stage.input), ...stage.operators.map(operatorText), outputText(stage.output)]
  return [`stage ${stage.id} on ${on}`, ...lines.map((line) => `  ${line}`)].join('\n')
}

function inputText(input: InputPlan): string {
  if (input.kind === 'exchange') {
    const from = input.stages.join(' and ')
    return input.merge ? `merge stage ${from} by ${orderText(input.merge)}` : `receive stage ${from}`
  }
  if (input.kind === 'rows') return `read rows ${input.name}`
  const columns = 'columns' in input && input.columns
  const shown = columns ? ` { ${columns.map((c) => `${c.column}: ${c.type}${c.nullable ? '?' : ''}`).join(', ')} }` : ''
  return `read ${input.kind} ${input.patterns.join(' ')}${shown}${input.allowEmpty ? ' (may be empty)' : ''}`
}

function operatorText(operator: OperatorPlan): string {
  switch (operator.op) {
    case 'groupPartial':
    case 'groupFinal':
      return `${operator.op === 'groupPartial' ? 'group partial' : 'group final'} by ${operator.keys.join(', ')}${aggregatesText(operator.aggregates)}`
    case 'sort':
      return `sort by ${orderText(operator.by)}`
    case 'topK':
      return `top ${operator.rows} by ${orderText(operator.by)}`
    case 'limit':
      return `limit ${operator.rows}`
    case 'join':
      return joinText(operator)
    case 'distinctPartial':
    case 'distinctFinal':
      return `distinct ${operator.op === 'distinctPartial' ? 'partial' : 'final'}`
    default:
      return functionText(operator)
  }
}

function joinText({ kind, right, keys, rightKeys, suffix }: JoinOperatorPlan): string {
  const on = keys.map((key, index) => (key === rightKeys[index] ? key : `${key} = ${rightKeys[index]}`)).join(', ')
  return `${kind} join with stage ${right} on ${on}${suffix === '' ? '' : `, suffix ${suffix}`}`
}

function functionText({ op, fn, params, setup }: FunctionOperatorPlan): string {
  const given = Object.entries(params ?? {}).map(([key, value]) => `${key}: ${valueText(value)}`)
  return [`${op} ${fn.name}`, ...(given.length > 0 ? [`{ ${given.join(', ')} }`] : []), ...(setup ? [`setup ${setup.name}`] : [])].join(' ')
}

function valueText(encoded: unknown): string {
  const value = decodeParam(encoded)
  if (typeof value === 'bigint') return `${value}n`
  return typeof value === 'number' ? String(value) : JSON.stringify(encoded)
}

function aggregatesText(aggregates: readonly AggregatePlan[]): string {
  return aggregates.length === 0 ? '' : `: ${aggregates.map((a) => `${a.as} = ${a.fn}(${a.column ?? ''})`).join(', ')}`
}

function outputText(output: OutputPlan): string {
  const to = output.to === 'leader' ? 'the leader' : `stage ${output.to}`
  switch (output.exchange) {
    case 'hash':
      return `hash by ${output.keys.length === 0 ? 'the whole row' : output.keys.join(', ')} to ${to}`
    case 'broadcast':
      return `broadcast to ${to}`
    case 'roundRobin':
      return `deal out to ${to}`
    case 'merge':
      return `send ordered by ${orderText(output.by)} to ${to}`
    case 'gather':
      return `gather to ${to}${output.limit === undefined ? '' : `, limit ${output.limit}`}`
  }
}

function orderText(by: readonly OrderKey[]): string {
  return by.map((key) => `${key.column}${key.descending ? ' desc' : ''}`).join(', ')
}
