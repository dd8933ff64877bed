import { decodeParams } from '../param-codec.js'
import { type FunctionOperatorPlan, type FunctionRef, isFunctionOperator, type OperatorPlan } from '../plan.js'
import type { NamedReducer } from '../reducer.js'
import type { SinkPlan } from '../sink-plan.js'
import type { PartWriter } from '../sinks/part-writer.js'
import type { AnyFunction } from '../stage-function.js'
import { Deadline } from './deadline.js'
import { openSkips, type SkippedRows } from './skipped-rows.js'
import { callError, type StageCall, StageContext, type StageEnvironment } from './stage-call.js'

export interface CallOptions {
  /** Finds a stage function: `resolveStage` over the module's namespace. */
  readonly resolve: (ref: FunctionRef) => AnyFunction
  /** Finds a reducer: `resolveReducer` over it. */
  readonly resolveReducer: (ref: FunctionRef) => NamedReducer
  readonly environment: StageEnvironment
  /** Told of the functions whose failing rows are left out, by their place among the operators. */
  readonly skipped?: ((operator: number, rows: SkippedRows) => void) | undefined
  /** Opens a sink of failing rows. */
  readonly writerOf: (sink: SinkPlan) => Promise<PartWriter>
}

/** The functions of some operators, ready to be called: finds all, then runs the `setup`s one after the other. */
export async function prepareCalls(operators: readonly OperatorPlan[], options: CallOptions): Promise<(StageCall | undefined)[]> {
  const found = await Promise.all(
    operators.map((operator, index) => (isFunctionOperator(operator) ? prepare(operator, index, options) : undefined)),
  )
  for (const prepared of found) {
    if (prepared?.setup === undefined) continue
    try {
      prepared.call.ctx.state = await prepared.setup(prepared.call.ctx)
    } catch (error) {
      throw callError(prepared.call, error)
    }
  }
  return found.map((prepared) => prepared?.call)
}

interface Prepared {
  readonly call: StageCall
  readonly setup?: AnyFunction
}

async function prepare(operator: FunctionOperatorPlan, index: number, options: CallOptions): Promise<Prepared> {
  const { resolve, environment } = options
  const { params, setup, timeoutMs } = operator
  const isReduce = operator.op === 'reducePartial' || operator.op === 'reduceFinal'
  const { name: stage, fn, reducer } = isReduce ? reducerOf(operator.fn, options) : functionOf(operator.fn, options)
  const deadline = timeoutMs === undefined ? undefined : new Deadline(timeoutMs, stage)
  const call: StageCall = {
    stage,
    fn: deadline === undefined ? fn : deadline.limit(fn),
    ctx: new StageContext(stage, decodeParams(params ?? {}), environment),
    skips: await skipsOf(operator, index, options),
    deadline,
    reducer,
  }
  return { call, ...(setup ? { setup: resolve(setup) } : {}) }
}

type Found = Pick<StageCall, 'reducer'> & { readonly name: string; readonly fn: (...args: unknown[]) => unknown }

function functionOf(ref: FunctionRef, { resolve }: CallOptions): Found {
  return { name: ref.name, fn: resolve(ref) as Found['fn'] }
}

function reducerOf(ref: FunctionRef, { resolveReducer }: CallOptions): Found {
  const { name, reducer } = resolveReducer(ref)
  return { name, fn: reducer.step as Found['fn'], reducer }
}

async function skipsOf(operator: FunctionOperatorPlan, index: number, options: CallOptions): Promise<SkippedRows | undefined> {
  const { environment, writerOf, skipped } = options
  const skips = await openSkips(operator, operator.fn.name, { environment, writerOf })
  if (skips !== undefined) skipped?.(index, skips)
  return skips
}
