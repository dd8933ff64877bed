import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { MillraceError } from '../base/errors.js'
import type { Int32Columns } from '../columnar/int32-columns.js'
import type { Row } from '../columnar/schema.js'
import { ArrowRowEncoder } from './sinks/arrow-row-encoder.js'
import { CsvEncoder } from './sinks/csv-encoder.js'
import { JsonEncoder } from './sinks/json-encoder.js'
import { BLOCK_BYTES, type RowEncoder } from './sinks/row-encoder.js'
import { type ArrowText, type CsvText, checkedArrow, checkedCsv } from './to.js'

/**
 * What rows are given as: `ndjson`, a line of JSON each, as `to.jsonl` writes it; `csv`, as `to.csv` does; or `arrow`, a stream of Arrow's IPC
 * format, with the columns of the first batch or those declared.
 */
export type BytesOptions<R> =
  | { readonly format: 'ndjson' }
  | ({ readonly format: 'csv' } & CsvText<R>)
  | ({ readonly format: 'arrow' } & ArrowText<R>)

/** What is needed of a run. */
interface Rows {
  /** Which columns of the rows given so far are int32. */
  readonly int32: Int32Columns
  batches(): AsyncIterable<readonly unknown[]>
  cancel(reason?: unknown): Promise<void>
}

/** The rows of a run as a Node.js stream of bytes. Throws `InvalidArgument`. */
export function nodeBytes(run: Rows, options: BytesOptions<never>): Readable {
  const bytes = bytesOf(run, encoderOf('toNode', options, run.int32))
  return new Readable({
    read(): void {
      bytes.next().then(
        ({ value }) => this.push(value ?? null),
        (error: Error) => this.destroy(error),
      )
    },
    destroy(error, done): void {
      run.cancel(error ?? undefined).then(() => done(error), done)
    },
  })
}

/** The rows of a run as a web stream of bytes. Throws `InvalidArgument`. */
export function webBytes(run: Rows, options: BytesOptions<never>): ReadableStream<Uint8Array> {
  const bytes = bytesOf(run, encoderOf('toWeb', options, run.int32))
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { value } = await bytes.next()
        if (value === undefined) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => run.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** A piece for each batch, as it comes. */
async function* bytesOf(run: Rows, encoder: RowEncoder): AsyncGenerator<Uint8Array, undefined, undefined> {
  for await (const rows of run.batches()) {
    for (const row of rows) encoder.add(row as Row)
    const bytes = encoder.take()
    if (bytes.length > 0) yield bytes
  }
  const rest = encoder.end()
  if (rest.length > 0) yield rest
}

function encoderOf(method: string, options: BytesOptions<never>, int32: Int32Columns): RowEncoder {
  if (options?.format === 'ndjson') return new JsonEncoder(BLOCK_BYTES)
  if (options?.format === 'arrow') {
    const columns = checkedArrow(`${method}()`, options)
    return new ArrowRowEncoder({ where: `${method}()`, format: 'stream', ...columns, int32, blockBytes: BLOCK_BYTES })
  }
  if (options?.format !== 'csv') {
    throw new MillraceError('InvalidArgument', `${method}() takes { format: 'ndjson' }, { format: 'csv' } or { format: 'arrow' }`)
  }
  return new CsvEncoder({ where: `${method}()`, ...checkedCsv(`${method}()`, options), blockBytes: BLOCK_BYTES })
}
