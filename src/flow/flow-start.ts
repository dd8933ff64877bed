import { MillraceError } from '../base/errors.js'
import { Flow } from './flow-builder.js'
import type { Source } from './source.js'

/** What `flow()` returns: it only lacks something to read. */
export interface FlowStart {
  /** What the flow reads: `lines()`, `jsonl()`, `csv()`, `parquet()`, `arrow()` or `rows()`. @throws MillraceError `InvalidArgument` */
  read<R>(source: Source<R>): Flow<R>
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
    read: <R>(source: Source<R>): Flow<R> => {
      if (source?.input?.kind === undefined)
        throw new MillraceError('InvalidArgument', 'read() takes lines(), jsonl(), csv(), parquet(), arrow() or rows()')
      return new Flow<R>({ module: url, input: source.input, steps: [] })
    },
  }
}
