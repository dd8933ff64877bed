import { MillraceError } from '../base/errors.js'
import type { SourceColumns, SourceRow } from '../flow/column-spec.js'
import { Flow } from '../flow/flow-builder.js'
import { encodeParam } from '../flow/param-codec.js'
import type { SqlInputPlan, SqlPlan } from '../flow/plan.js'
import { columnPlans, type Source } from '../flow/source.js'
import type { FlowParts, Step } from '../flow/step.js'
import { Identifier, quoted } from './identifier.js'
import { knownColumns } from './known-columns.js'
import { Table } from './table.js'

/** What may stand in a statement beside flows: it is bound, never made text. A Date is a TIMESTAMP in UTC, bytes are a BLOB, an array is a LIST. */
export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | null
  | readonly SqlValue[]
  | { readonly [name: string]: SqlValue }

// biome-ignore lint/suspicious/noExplicitAny: a flow of any rows
type AnyFlow = Flow<any>
type Part = AnyFlow | Table | Identifier | SqlValue

/** Takes the statement: of flows it makes a flow, without one a source for `read()`. */
export type SqlTag<R> = <const P extends readonly Part[]>(
  text: TemplateStringsArray,
  ...parts: P
) => Extract<P[number], AnyFlow | Table> extends never ? Source<R, SqlInputPlan> : Flow<R>

/**
 * A statement of SQL in a flow, by DuckDB: ``sql({ browser: 'utf8', n: 'int64' })`select browser, count(*) n from ${flow} group by 1` ``.
 * `columns` is the type of its rows and what its result is checked against; columns that it does not name are dropped. A 64-bit integer, a sum
 * of them, or a decimal is a number where `'float64'` is declared, an error beyond 2^53, and a bigint where `'int64'` is.
 *
 * Flows become tables: all their rows come to one worker, or, where each ends with `exchange.hash`, `roundRobin` or `broadcast`, the statement runs
 * in every worker on what comes there. Other values are bound. A statement without a flow is a source, for `read()`; it runs once, with
 * all threads. It is one SELECT.
 *
 * A run ends with `SqlMissing` where `@duckdb/node-api` is not installed, `SqlFailed` with what DuckDB says, `SqlColumn`.
 *
 * @throws MillraceError `InvalidArgument`, `ParamInvalid`
 */
export function sql<const C extends SourceColumns>(columns: C): SqlTag<SourceRow<C>> {
  const plans = columnPlans('sql', columns)
  return ((text: TemplateStringsArray, ...parts: Part[]): Source<unknown> | Flow<unknown> => {
    const { tables, values, statement } = assemble(text, parts)
    const plan: SqlPlan = { text: statement, values, columns: plans }
    return tables.length === 0 ? { input: { kind: 'sql', ...plan } } : flowOf(plan, tables)
  }) as SqlTag<SourceRow<C>>
}

interface GivenTable {
  readonly given: AnyFlow | Table
  readonly name: string
  readonly parts: FlowParts
}

interface Assembled {
  readonly statement: string
  readonly values: readonly unknown[]
  readonly tables: readonly GivenTable[]
}

/** A flow that is there twice is one table. */
function assemble(text: TemplateStringsArray, parts: readonly Part[]): Assembled {
  const tables: GivenTable[] = []
  const values: unknown[] = []
  const texts = parts.map((part, index) => {
    if (part instanceof Identifier) return part.text
    const flow = part instanceof Table ? part.flow : part
    const flowParts = Flow.partsOf(flow)
    if (flowParts === undefined) return `$${values.push(encodeParam(part, `${index + 1} of the statement`))}`
    const given = part as AnyFlow | Table
    const known = tables.find((table) => table.given === given)
    if (known !== undefined) return quoted(known.name)
    const name = `flow${tables.length + 1}`
    tables.push({ given, name, parts: flowParts })
    return quoted(name)
  })
  return { statement: text.map((piece, index) => `${piece}${texts[index] ?? ''}`).join(''), values, tables }
}

function flowOf(plan: SqlPlan, tables: readonly GivenTable[]): Flow<unknown> {
  const [{ parts: first }] = tables
  const where = `operator ${first.steps.length + 1} (sql)`
  const other = tables.find(({ parts }) => parts.module !== first.module)
  if (other !== undefined) {
    const modules = `${first.module} and ${other.parts.module}`
    throw new MillraceError('InvalidArgument', `${where}: its flows have their functions in ${modules}: give all the same module to flow()`)
  }
  const [own, ...others] = tables.map(({ given, name, parts }) => {
    const columns = given instanceof Table ? given.columns : knownColumns(parts)
    return { parts, table: { name, ...(columns === undefined ? {} : { columns }) } }
  })
  const step: Step = { op: 'sql', ...plan, table: own.table, others, isSpread: isSpread(tables, where) }
  return new Flow({ ...first, steps: [...first.steps, step] })
}

/** Whether every worker runs it. */
function isSpread(tables: readonly GivenTable[], where: string): boolean {
  const ends = tables.map(({ name, parts }) => ({ name, op: parts.steps[parts.steps.length - 1]?.op }))
  const spread = ends.filter(({ op }) => op === 'hash' || op === 'roundRobin' || op === 'broadcast')
  if (spread.length === 0) return false
  const alone = ends.find((end) => !spread.includes(end))
  if (alone !== undefined) {
    const example = `${spread[0].name} ends with exchange.${spread[0].op}, ${alone.name} with none`
    throw new MillraceError(
      'InvalidArgument',
      `${where}: ${example}: end each flow with exchange.hash() or exchange.broadcast() to run the statement in every worker, or none`,
    )
  }
  if (spread.every(({ op }) => op === 'broadcast')) {
    throw new MillraceError(
      'InvalidArgument',
      `${where}: every worker would have all rows, and give the same: spread one flow by exchange.hash(), or leave broadcast() out`,
    )
  }
  return true
}
