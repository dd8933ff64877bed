import { MillraceError } from '../base/errors.js'
import { encodeParams } from './param-codec.js'
import type { FunctionOperatorPlan, SinkPlan } from './plan.js'
import type { ContextOptions, StageOptions } from './row-types.js'
import { describeFunction, refuseAsync } from './stage-function.js'

/** What every operator that calls a function has. */
type Call = Pick<FunctionOperatorPlan, 'fn' | 'params' | 'setup' | 'onError' | 'maxErrors' | 'timeoutMs'>

const TIMEOUT_MS_MAX = 2 ** 31 - 1

/** A call of a stage function. `where` is its place in the flow. @throws MillraceError `StageAnonymous`, `StageAsync`, `ParamInvalid`, `InvalidArgument` */
export function callStep(fn: unknown, options: StageOptions = {}, where: string, kind: 'sync' | 'async' = 'sync'): Call {
  const ref = describeFunction(fn, where)
  if (kind === 'sync') refuseAsync(fn as (...args: unknown[]) => unknown, where)
  return { fn: ref, ...contextStep(options, where), ...failing(options, where) }
}

/** What a function needs of its context. */
function contextStep({ params, setup }: ContextOptions, where: string): Pick<Call, 'params' | 'setup'> {
  return {
    ...(params === undefined ? {} : { params: encodeParams(checkParams(params, where), where) }),
    ...(setup === undefined ? {} : { setup: describeFunction(setup, `${where} setup`) }),
  }
}

/** What a reducer needs of its context; it has no rows that could be left out. @throws MillraceError `ParamInvalid`, `InvalidArgument` */
export function reducerContext(options: StageOptions, where: string): Pick<Call, 'params' | 'setup'> {
  const given = (['onError', 'maxErrors', 'timeoutMs'] as const).find((name) => options[name] !== undefined)
  if (given !== undefined)
    throw new MillraceError('InvalidArgument', `${where}: a reducer has no ${given}: leave failing rows out in a map before`)
  return contextStep(options, where)
}

/** A whole number from 1, as options give it. */
export function countOption(value: unknown, name: string, where: string): number {
  return whole(value, { name, least: 1, most: Number.MAX_SAFE_INTEGER }, where)
}

function failing(
  { onError = 'fail', maxErrors, timeoutMs }: StageOptions,
  where: string,
): Pick<Call, 'onError' | 'maxErrors' | 'timeoutMs'> {
  if (maxErrors !== undefined && onError === 'fail') {
    throw new MillraceError(
      'InvalidArgument',
      `${where}: maxErrors says how many rows may be left out: give onError with it, 'skip' or a sink`,
    )
  }
  return {
    ...(onError === 'fail' ? {} : { onError: onError === 'skip' ? onError : failedSink(onError, where) }),
    ...(maxErrors === undefined
      ? {}
      : { maxErrors: whole(maxErrors, { name: 'maxErrors', least: 0, most: Number.MAX_SAFE_INTEGER }, where) }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: whole(timeoutMs, { name: 'timeoutMs', least: 1, most: TIMEOUT_MS_MAX }, where) }),
  }
}

function failedSink(given: unknown, where: string): SinkPlan {
  const sink = (given as { sink?: SinkPlan } | null | undefined)?.sink
  if (sink?.kind === undefined)
    throw new MillraceError('InvalidArgument', `${where}: onError is 'fail', 'skip' or a sink such as to.jsonl('failed/')`)
  if (sink.parts !== undefined) return sink
  throw new MillraceError(
    'InvalidArgument',
    `${where}: onError writes where the rows are: end ${JSON.stringify(sink.path)} with / to make it a folder`,
  )
}

function whole(value: unknown, { name, least, most }: { name: string; least: number; most: number }, where: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new MillraceError('InvalidArgument', `${where}: ${name} is a whole number from ${least} to ${most}, got ${String(value)}`)
}

function checkParams(params: unknown, where: string): object {
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return params
  throw new MillraceError('ParamInvalid', `${where}: params is an object of names and values`)
}
