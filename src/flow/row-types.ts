import type { Ctx, SetupCtx } from './ctx.js'
import type { Sink } from './sink.js'

/** The names of a row's columns. */
export type Column<R> = keyof R & string

/** What can be a key, or ordered: lists and objects have no equality and no order that all expect. */
type Scalar = string | number | bigint | boolean | Date | Uint8Array | null | undefined

/** Columns of such values; a column of unknown type is let through and checked when the flow runs. */
export type ScalarColumn<R, C extends Column<R> = Column<R>> = C extends unknown
  ? unknown extends R[C]
    ? C
    : [Exclude<R[C], Scalar>] extends [never]
      ? C
      : never
  : never

/** Columns that can be summed; a column of unknown type is let through and checked when the flow runs. */
export type NumericColumn<R> = {
  [C in Column<R>]: unknown extends R[C] ? C : NonNullable<R[C]> extends number | bigint ? C : never
}[Column<R>]

/** Shows an intersection as one object type. */
export type Simplify<T> = { [K in keyof T]: T[K] } & unknown

// biome-ignore lint/suspicious/noExplicitAny: the widest function of a row that inference can start from
export type StageFunction<R, Out = unknown> = (row: R, ctx: Ctx<any, any>) => Out

// biome-ignore lint/suspicious/noExplicitAny: matches every function
type ContextOf<F> = F extends (row: any, ctx: infer C) => unknown ? C : unknown
type ParamsOf<F> = ContextOf<F> extends Ctx<infer P, unknown> ? P : unknown
type StateOf<F> = ContextOf<F> extends Ctx<unknown, infer S> ? S : unknown

/** `setup` runs once per worker before the first row; what it returns (or resolves to) is `ctx.state`. */
export type SetupFunction<P, S> = (ctx: SetupCtx<P>) => S | Promise<S>

/** A row for which a stage function failed, or that a source could not read, as `onError` writes it. */
export interface FailedRow {
  /** The function's name; `csv` or `jsonl` for a source. */
  stage: string
  /** Name and message of the error, which tells of a source where the row stands. */
  error: string
  code: string | null
  /** Where the row is from; null behind an exchange. */
  file: string | null
  offset: number | null
  /** The row that the function was given; null where it was given many. What a source read of it: `{ fields }` or `{ text }`. */
  row: object | null
}

/** What is done with rows for which a stage function fails, or that a source cannot read. */
export interface FailingRows {
  /**
   * `fail`, the default: an error ends the run. `skip`: the row is left out, counted in `stats().rowsSkipped`, and the first of each worker
   * are logged; what a generator gave before it threw stays. A sink that is a folder, such as `to.jsonl('failed/')`: it is written there, too.
   */
  readonly onError?: 'fail' | 'skip' | Sink<FailedRow>
  /** With `skip` or a sink: so many rows may be left out, in all workers together, before the run ends with `TooManyErrors`; default any number. */
  readonly maxErrors?: number
  /** So long may one call take, in ms, for a generator each of its steps; then it is interrupted, which is an error `StageTimeout`. Costs about a tenth of a millisecond per call. */
  readonly timeoutMs?: number
}

type Needs<P, S> = FailingRows & NeedsOfContext<P, S>
type NeedsOfContext<P, S> = (undefined extends P ? { readonly params?: object } : { readonly params: P }) &
  (undefined extends S ? { readonly setup?: SetupFunction<P, unknown> } : { readonly setup: SetupFunction<P, S> })

/** What a function needs, and `O`. */
export type WithNeeds<F, O> = O & Needs<ParamsOf<F>, StateOf<F>>

/** The options argument of a stage: due where the function's `Ctx` names params or state. */
export type OptionArguments<F, O = unknown> =
  undefined extends ParamsOf<F>
    ? undefined extends StateOf<F>
      ? [options?: O & Needs<unknown, unknown>]
      : [options: O & Needs<unknown, StateOf<F>>]
    : [options: O & Needs<ParamsOf<F>, StateOf<F>>]

/** What a function needs of its context, where the types are known no longer. */
export interface ContextOptions {
  readonly params?: unknown
  readonly setup?: unknown
}

/** The options of a stage where the types are known no longer. */
export interface StageOptions extends FailingRows, ContextOptions {}

/** What the functions of a reducer have as `ctx.params` and `ctx.state`. */
export interface ReduceOptions {
  readonly params?: object
  // biome-ignore lint/suspicious/noExplicitAny: the reducer says what it takes
  readonly setup?: SetupFunction<any, unknown>
}

type NotARow =
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: what a function without a return gives
  | void
  | readonly unknown[]
  | Date
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBuffer
  | ArrayBufferView
  | ((...args: never[]) => unknown)

type RowProblem<T, Message extends string> = Extract<T, NotARow> extends never ? unknown : Message

type IsNever<T> = [T] extends [never] ? true : false

/** `unknown` where a map's result is a row (or there is none), else the sentence that the compiler shows. */
export type MapResult<T> =
  IsNever<T> extends true
    ? unknown
    : [T] extends [PromiseLike<unknown>]
      ? 'A stage function is synchronous: this one returns a promise. Do asynchronous work in setup.'
      : RowProblem<T, 'A map returns one row: a plain object, not a scalar, null, array, Date, Map, Set, bytes or function.'>

/** The same for flatMap: an array or other iterable of rows. */
export type FlatMapResult<T> =
  IsNever<T> extends true
    ? unknown
    : [T] extends [PromiseLike<unknown> | AsyncIterable<unknown>]
      ? 'A stage function is synchronous: this one is async. Use a generator or an array.'
      : [T] extends [Iterable<infer Out>]
        ? RowProblem<Out, 'A flatMap yields rows: plain objects, not scalars, null, arrays, Dates, Maps, Sets, bytes or functions.'>
        : 'A flatMap returns an array, a generator or another iterable of rows.'

/** What a function of `mapAsync` gives: a promise of a row. */
export type MapAsyncResult<T> =
  IsNever<T> extends true
    ? unknown
    : RowProblem<
        Awaited<T>,
        'A mapAsync resolves to one row: a plain object, not a scalar, null, array, Date, Map, Set, bytes or function.'
      >

/** A function of many rows. */
// biome-ignore lint/suspicious/noExplicitAny: the widest function of rows that inference can start from
export type RowsFunction<R, Out = unknown> = (rows: R, ctx: Ctx<any, any>) => Out

/**
 * The columns of some rows, each as many values as there are rows: numbers and bigints without nulls in a typed array, else in an array, null
 * where there is none. One is made when it is looked at. A column that no row so far has had is not there.
 */
export type Columns<R> = { readonly [C in keyof R]: ArrayLike<R[C]> }

/** The rows whose columns a function gives. */
export type RowOfColumns<T> = T extends unknown ? { [C in keyof T]: T[C] extends ArrayLike<infer Value> ? Value : never } : never

type NotAColumn<T> = { [C in keyof T]: T[C] extends string ? C : T[C] extends ArrayLike<unknown> ? never : C }[keyof T]

/** What a function of `mapColumns` gives: columns. */
export type ColumnsResult<T> =
  IsNever<T> extends true
    ? unknown
    : [T] extends [PromiseLike<unknown>]
      ? 'A stage function is synchronous: this one returns a promise.'
      : Extract<T, NotARow> extends never
        ? IsNever<NotAColumn<T>> extends true
          ? unknown
          : 'A mapColumns gives an array or typed array for each column, all of one length.'
        : 'A mapColumns gives columns: a plain object of arrays, all of one length.'

export type ItemOf<T> = T extends Iterable<infer Out> ? Out : never

// biome-ignore lint/suspicious/noExplicitAny: matches every type guard
export type Narrowed<R, F> = F extends (row: any, ctx: any) => row is infer Out ? (Out extends R ? Out : R) : R

export type FilterResult<T> =
  IsNever<T> extends true
    ? unknown
    : [T] extends [PromiseLike<unknown>]
      ? 'A stage function is synchronous: this one returns a promise.'
      : unknown
