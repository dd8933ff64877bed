import { MillraceError } from '../base/errors.js'
import { Flow } from './flow-builder.js'
import { countOption } from './number-option.js'
import type { SourcePlan } from './plan.js'
import type { Source } from './source.js'

/** What `flow()` returns: it only lacks something to read. */
export interface FlowStart {
  /** What the flow reads: `lines()`, `jsonl()`, `csv()`, `parquet()`, `arrow()`, `rows()` or `sql()`. @throws MillraceError `InvalidArgument` */
  read<R>(source: Source<R>, options?: ReadSplits): Flow<R>
}

/** How a flow reads. */
export interface ReadSplits {
  /**
   * How often a split of a file is gone over again where one of the functions in front of the first exchange, aggregate, sort, limit or sink
   * throws; by default never. A split is handed on when all of it went well, so each row counts once, though functions may run for it
   * again; until then its rows, and those that came of them, are kept in memory: a split is a megabyte of text at most, of CSV and packed
   * files the whole file. Each attempt that fails is logged.
   */
  readonly retries?: number
}

/**
 * Begins a flow. `module` is `import.meta.url` of the module that exports the stage functions: workers import it.
 *
 * @throws MillraceError `InvalidArgument` where it is not a URL
 */
export function flow(module: string | URL): FlowStart {
  const url = String(module)
  if (!URL.canParse(url)) throw new MillraceError('InvalidArgument', `flow() takes import.meta.url, got ${JSON.stringify(url)}`)
  return {
    read: <R>(source: Source<R>, { retries }: ReadSplits = {}): Flow<R> => {
      if (source?.input?.kind === undefined)
        throw new MillraceError('InvalidArgument', 'read() takes lines(), jsonl(), csv(), parquet(), arrow(), rows() or sql()')
      const input = retries === undefined ? source.input : { ...source.input, retries: checkedRetries(source.input, retries) }
      return new Flow<R>({ module: url, input: input as SourcePlan, steps: [] })
    },
  }
}

function checkedRetries({ kind }: SourcePlan, retries: unknown): number {
  if (kind === 'rows' || kind === 'sql')
    throw new MillraceError('InvalidArgument', `read(): ${kind}() has no splits: retries are for files`)
  return countOption(retries, 'retries', 'read()')
}
