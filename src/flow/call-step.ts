import { MillraceError } from '../base/errors.js'
import { failingPlan } from './failing-plan.js'
import { wholeOption } from './number-option.js'
import { encodeParams } from './param-codec.js'
import type { FunctionOperatorPlan } from './plan.js'
import type { ContextOptions, StageOptions } from './row-types.js'
import { describeFunction, refuseAsync } from './stage-function.js'

/** What every operator that calls a function has. */
type Call = Pick<FunctionOperatorPlan, 'fn' | 'params' | 'setup' | 'onError' | 'maxErrors' | 'timeoutMs'>

const TIMEOUT_MS_MAX = 2 ** 31 - 1

/** A call of a stage function. `where` is its place in the flow. @throws MillraceError `StageAnonymous`, `StageAsync`, `ParamInvalid`, `InvalidArgument` */
export function callStep(fn: unknown, options: StageOptions = {}, where: string, kind: 'sync' | 'async' = 'sync'): Call {
  const ref = describeFunction(fn, where)
  if (kind === 'sync') refuseAsync(fn as (...args: unknown[]) => unknown, where)
  return { fn: ref, ...contextStep(options, where), ...failingPlan(options, where), ...limited(options, where) }
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

function limited({ timeoutMs }: StageOptions, where: string): Pick<Call, 'timeoutMs'> {
  return timeoutMs === undefined ? {} : { timeoutMs: wholeOption(timeoutMs, { name: 'timeoutMs', least: 1, most: TIMEOUT_MS_MAX }, where) }
}

function checkParams(params: unknown, where: string): object {
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return params
  throw new MillraceError('ParamInvalid', `${where}: params is an object of names and values`)
}
