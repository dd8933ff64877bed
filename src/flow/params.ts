import { MillraceError } from '../base/errors.js'
import { decodeParam, EnvRef, encodeParam } from './param-codec.js'
import { type FunctionOperatorPlan, isFunctionOperator, type OperatorPlan, type Plan } from './plan.js'

/**
 * A plan with other parameters; the given one stays as it is.
 *
 * `k` sets the parameter in every stage that declares it, `stage.k` in the stages of that function name.
 * A text given for a value that is not text is parsed by the type of the present value.
 *
 * @throws MillraceError `ParamUnknown` (listing what exists), `ParamInvalid`
 */
export function setParams(plan: Plan, values: { readonly [name: string]: unknown }): Plan {
  const names = Object.keys(values)
  if (names.length === 0) return plan
  const known = knownParams(plan)
  for (const name of names) if (!known.has(name)) throw unknownParam(name, known)
  const stages = plan.stages.map((stage) => ({ ...stage, operators: stage.operators.map((operator) => setIn(operator, values)) }))
  return { ...plan, stages }
}

function setIn(operator: OperatorPlan, values: { readonly [name: string]: unknown }): OperatorPlan {
  if (!isFunctionOperator(operator) || operator.params === undefined) return operator
  const entries = Object.entries(operator.params).map(([key, present]) => {
    const name = [`${operator.fn.name}.${key}`, key].find((candidate) => Object.hasOwn(values, candidate))
    return [key, name === undefined ? present : replacement(name, present, values[name])]
  })
  return { ...operator, params: Object.fromEntries(entries) }
}

function knownParams(plan: Plan): Set<string> {
  const operators = plan.stages.flatMap((stage) => stage.operators).filter((o): o is FunctionOperatorPlan => isFunctionOperator(o))
  return new Set(operators.flatMap((o) => Object.keys(o.params ?? {}).flatMap((key) => [key, `${o.fn.name}.${key}`])))
}

function unknownParam(name: string, known: Set<string>): MillraceError {
  const list = known.size > 0 ? `known are ${[...known].sort().join(', ')}` : 'no stage of this flow declares any'
  return new MillraceError('ParamUnknown', `unknown parameter "${name}": ${list}`)
}

function replacement(name: string, encoded: unknown, given: unknown): unknown {
  const decoded = decodeParam(encoded)
  // A variable stands for text.
  const present = decoded instanceof EnvRef ? '' : decoded
  const value = typeof given === 'string' && typeof present !== 'string' ? parse(name, present, given) : given
  if (present !== null && kindOf(value) !== kindOf(present)) throw mismatch(name, kindOf(present), given)
  return encodeParam(value, name)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return value instanceof Date ? 'date' : value instanceof Uint8Array ? 'bytes' : typeof value
}

/** By the type of the present value; where it is null, JSON if it is JSON, else text. */
function parse(name: string, present: unknown, text: string): unknown {
  switch (kindOf(present)) {
    case 'number':
      return parseNumber(name, text)
    case 'bigint':
      if (!/^\s*-?\d+\s*$/.test(text)) throw mismatch(name, 'bigint', text)
      return BigInt(text)
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw mismatch(name, 'boolean (true or false)', text)
      return text === 'true'
    case 'date':
      if (Number.isNaN(Date.parse(text))) throw mismatch(name, 'date', text)
      return new Date(text)
    case 'null':
      return parseJson(text) ?? (text === 'null' ? null : text)
    default:
      return parseJson(text) ?? fail(mismatch(name, `${kindOf(present)}, written as JSON`, text))
  }
}

function parseNumber(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || (Number.isNaN(value) && text !== 'NaN')) throw mismatch(name, 'number', text)
  return value
}

/** Undefined where the text is not JSON: the caller says what that means. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fail(error: Error): never {
  throw error
}

function mismatch(name: string, kind: string, given: unknown): MillraceError {
  const shown = typeof given === 'string' ? JSON.stringify(given) : `${kindOf(given)} ${String(given)}`
  return new MillraceError('ParamInvalid', `parameter "${name}" is a ${kind}, which ${shown} is not`)
}
