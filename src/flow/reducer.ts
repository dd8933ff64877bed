import { MillraceError } from '../base/errors.js'
import type { Ctx } from './ctx.js'
import type { FunctionRef } from './plan.js'
import { hashOfTexts } from './stage-function.js'

// biome-ignore lint/suspicious/noExplicitAny: the functions say what they need of it
type AnyCtx = Ctx<any, any>
// biome-ignore lint/suspicious/noConfusingVoidType: what a function without a return gives
type Nothing = undefined | void

/**
 * Makes one row of all rows of a key; an exported object of the flow's module. `S` is what it knows of a key so far: cloneable, for it goes
 * from worker to worker. `step` and `merge` return the next state, or nothing where they changed the one they were given.
 */
// biome-ignore lint/suspicious/noExplicitAny: the widest reducer that inference can start from
export interface Reducer<R = any, S = any, Out = any> {
  /** The state before the first row, made for each key in each worker. */
  init(ctx: AnyCtx): S
  /** Takes one more row. */
  step(state: S, row: R, ctx: AnyCtx): S | Nothing
  /** Puts together what two workers, or the disk and a worker, know of one key. */
  merge(a: S, b: S, ctx: AnyCtx): S | Nothing
  /** The row of a key, beside the key columns, which are given. */
  // biome-ignore lint/suspicious/noExplicitAny: the keys are those of the call of reduceBy
  finish(state: S, key: any, ctx: AnyCtx): Out
}

/** A reducer, and what it is called in its module. */
export interface NamedReducer {
  readonly name: string
  readonly reducer: Reducer
}

const PARTS = ['init', 'step', 'merge', 'finish'] as const

/** What the plan says about a reducer: it has no name before it is found. @throws MillraceError `InvalidArgument`, `StageAsync` */
export function describeReducer(reducer: unknown, where: string): FunctionRef {
  if (!isReducer(reducer)) {
    throw new MillraceError('InvalidArgument', `${where}: a reducer is an exported object with the functions ${PARTS.join(', ')}`)
  }
  for (const part of PARTS) {
    if (Object.prototype.toString.call(reducer[part]) === '[object Function]') continue
    throw new MillraceError('StageAsync', `${where}: ${part} of the reducer is async or a generator: it is a plain function`)
  }
  return { name: 'reducer', hash: hashOfReducer(reducer) }
}

/** Finds a reducer among a module's exports by the text of its functions. @throws MillraceError `StageNotExported` */
export function resolveReducer(namespace: { readonly [name: string]: unknown }, { hash }: FunctionRef): NamedReducer {
  const found = Object.entries(namespace).filter(([, value]) => isReducer(value) && hashOfReducer(value) === hash)
  const [first] = found
  if (first !== undefined && found.every(([, value]) => value === first[1])) return { name: first[0], reducer: first[1] as Reducer }
  const names = found.map(([name]) => name).join(', ')
  throw new MillraceError(
    'StageNotExported',
    first === undefined
      ? "the reducer given to reduceBy is not exported by the flow's module, or has another text there: write `export` before it, and use the same version"
      : `the reducers ${names} have the same text: export one, and give what they differ in as params`,
  )
}

function isReducer(value: unknown): value is Reducer {
  return (
    typeof value === 'object' && value !== null && PARTS.every((part) => typeof (value as Record<string, unknown>)[part] === 'function')
  )
}

function hashOfReducer(reducer: Reducer): string {
  return hashOfTexts(PARTS.map((part) => reducer[part]))
}
