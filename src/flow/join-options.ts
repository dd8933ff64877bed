import { MillraceError } from '../base/errors.js'
import { columnList } from './column-list.js'
import type { JoinKind } from './plan.js'
import type { Column, ScalarColumn } from './row-types.js'
import type { FlowParts, Step } from './step.js'

/** The columns by which rows meet: of that name on both sides, or the one here with the one there. */
export type JoinKeys<L, R> =
  | (ScalarColumn<L> & ScalarColumn<R>)
  | readonly (ScalarColumn<L> & ScalarColumn<R>)[]
  | { readonly [C in ScalarColumn<L>]?: ScalarColumn<R> }

export interface JoinOptions<L, R> extends JoinTerms {
  readonly on: JoinKeys<L, R>
}

/** The same where the columns are known no longer. */
interface JoinTerms {
  readonly on: unknown
  /** `inner` by default. */
  readonly kind?: JoinKind
  /** Ends the names of all columns that come from the right; none by default. */
  readonly suffix?: string
  /**
   * How the sides meet: `hash`: rows of equal keys go to one worker; `broadcast`: all of the right side goes to every worker, and the left rows
   * stay. By default `broadcast` where the right side is of named files, without wildcards, of 4 MiB at most (packed ones 512 KiB), that no
   * step makes more of; else `hash`.
   */
  readonly exchange?: 'hash' | 'broadcast'
}

/** Pairs of columns, the one here by name. */
type Pairs<O> = O extends { readonly on: infer K }
  ? K extends string
    ? { readonly [C in K]: C }
    : K extends readonly (infer C extends string)[]
      ? { readonly [N in C]: N }
      : K
  : never

type Comparable<A, B> = unknown extends A
  ? true
  : unknown extends B
    ? true
    : NonNullable<A> extends NonNullable<B>
      ? true
      : NonNullable<B> extends NonNullable<A>
        ? true
        : false

type Unlike<L, R, P> = {
  [C in keyof P]: C extends keyof L
    ? P[C] extends keyof R
      ? Comparable<L[C], R[P[C] & keyof R]> extends true
        ? never
        : C
      : never
    : never
}[keyof P]

type SuffixOf<O> = O extends { readonly suffix: infer S extends string } ? S : ''
type KindOf<O> = O extends { readonly kind: infer K } ? K : 'inner'
type RightKeys<O> = Pairs<O>[keyof Pairs<O>]
type Renamed<R, O> = { [C in Exclude<Column<R>, RightKeys<O>> as `${C}${SuffixOf<O>}`]: R[C] }

/** The columns that a join adds. */
export type Added<R, O> =
  KindOf<O> extends 'semi' | 'anti'
    ? unknown
    : KindOf<O> extends 'left'
      ? { [C in keyof Renamed<R, O>]: Renamed<R, O>[C] | null }
      : Renamed<R, O>

/** Without those of rows whose columns are not known. */
type KnownColumns<T> = keyof { [C in keyof T as Record<never, never> extends Record<C, 1> ? never : C]: T[C] }
type Clash<L, R, O> = Extract<KnownColumns<Added<R, O>>, KnownColumns<L>>

/** `unknown` where the sides can be joined so, else what the compiler shows. */
export type JoinCheck<L, R, O> = [Unlike<L, R, Pairs<O>>] extends [never]
  ? [Clash<L, R, O>] extends [never]
    ? unknown
    : { readonly suffix: `Both sides have a column "${Clash<L, R, O> & string}": give a suffix for those of the right.` }
  : { readonly on: `The key "${Unlike<L, R, Pairs<O>> & string}" has another type on the right: they are never equal.` }

const KINDS: readonly JoinKind[] = ['inner', 'left', 'semi', 'anti']

/** Throws `InvalidArgument`. */
export function joinStep(right: FlowParts, options: JoinTerms, where: string): Step {
  const { kind = 'inner', suffix = '', exchange = 'bySize' } = options ?? {}
  const pairs = pairsOf(options?.on, where)
  const keys = columnList(
    pairs.map(([here]) => here),
    where,
  )
  const rightKeys = columnList(
    pairs.map(([, there]) => there),
    where,
  )
  if (!KINDS.includes(kind)) throw invalid(where, `kind is ${JSON.stringify(kind)}; give one of ${KINDS.join(', ')}`)
  if (typeof suffix !== 'string') throw invalid(where, `suffix is text, got ${typeof suffix}`)
  if (exchange !== 'hash' && exchange !== 'broadcast' && exchange !== 'bySize')
    throw invalid(where, `exchange is ${JSON.stringify(exchange)}; give 'hash' or 'broadcast'`)
  return { op: 'join', kind, keys, rightKeys, suffix, right, exchange }
}

function pairsOf(on: unknown, where: string): [string, string][] {
  if (typeof on === 'string') return [[on, on]]
  if (Array.isArray(on)) return on.map((column) => [column, column])
  if (typeof on === 'object' && on !== null) return Object.entries(on)
  throw invalid(where, 'give on: a column, several, or { here: there }')
}

function invalid(where: string, problem: string): MillraceError {
  return new MillraceError('InvalidArgument', `${where}: ${problem}`)
}
