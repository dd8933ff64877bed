import { MillraceError } from '../../base/errors.js'
import { ArrowEncoder } from '../../columnar/arrow-encoder.js'
import { BatchMaker } from '../../columnar/batch-maker.js'
import type { Int32Columns } from '../../columnar/int32-columns.js'
import type { ColumnType, Row, Schema } from '../../columnar/schema.js'
import type { ColumnPlan } from '../column-plan.js'
import type { RowEncoder } from './row-encoder.js'

/** A batch ends once it has so many rows, or about so many bytes. */
const BATCH_ROWS = 16_384
const BATCH_BYTES = 1024 * 1024

const DECLARE = '; declare all columns in the option columns of the sink, or map the rows'

export interface ArrowOptions {
  /** Begins its messages. */
  readonly where: string
  readonly format: 'stream' | 'file'
  /** Absent: those of the first batch. */
  readonly columns?: readonly ColumnPlan[] | undefined
  /** Which of those not declared are int32; by default none. */
  readonly int32?: Int32Columns
  /** At most as many bytes as a batch has otherwise. */
  readonly blockBytes: number
}

/** Arrow's IPC format: a batch each time that enough rows are there, or when what there is is taken. */
export class ArrowRowEncoder implements RowEncoder {
  readonly #options: ArrowOptions
  readonly #maker: BatchMaker
  readonly #dictionaries: readonly string[]
  readonly #batchBytes: number
  /** Declared columns that hold no null. */
  readonly #required: readonly string[]
  /** Of all files. */
  #schema: Schema | undefined
  #file: ArrowEncoder | undefined
  #rows = 0
  #ready: Uint8Array[] = []

  constructor(options: ArrowOptions) {
    const { columns, where, int32, blockBytes } = options
    this.#options = options
    // `to.arrow` lets no other types through.
    this.#schema = columns?.map(({ column, type }) => ({ name: column, type: type === 'dictionary' ? 'utf8' : (type as ColumnType) }))
    this.#dictionaries = columns?.flatMap(({ column, type }) => (type === 'dictionary' ? [column] : [])) ?? []
    this.#required = columns?.filter(({ nullable }) => !nullable).map(({ column }) => column) ?? []
    this.#maker = new BatchMaker({ stage: where, ...(this.#schema && { schema: this.#schema }), int32 })
    this.#batchBytes = Math.min(BATCH_BYTES, blockBytes)
  }

  add(row: Readonly<Row>): boolean {
    this.#rows++
    for (const column of this.#required) {
      if ((row[column] ?? null) === null) throw this.#refusal(`column ${JSON.stringify(column)} holds a null: declare it with ?`)
    }
    try {
      this.#maker.append(row)
    } catch (error) {
      throw this.#refusal(`${(error as Error).message}${this.#options.columns === undefined ? DECLARE : ''}`, error)
    }
    if (this.#maker.rowCount < BATCH_ROWS && this.#maker.byteSize < this.#batchBytes) return false
    this.#endBatch()
    return true
  }

  take(): Uint8Array {
    if (this.#maker.rowCount > 0) this.#endBatch()
    const bytes = this.#ready.length === 1 ? (this.#ready[0] as Uint8Array) : Buffer.concat(this.#ready)
    this.#ready = []
    return bytes
  }

  end(): Uint8Array {
    if (this.#maker.rowCount > 0) this.#endBatch()
    this.#ready.push(this.#opened(this.#schema ?? []).end())
    this.#file = undefined
    return this.take()
  }

  #endBatch(): void {
    const batch = this.#maker.take()
    if (this.#schema === undefined) {
      this.#schema = batch.schema
      this.#maker.fix()
    }
    const file = this.#opened(this.#schema)
    try {
      this.#ready.push(file.batch(batch))
    } catch (error) {
      throw this.#refusal(`${(error as Error).message}${DECLARE}`, error)
    }
  }

  #opened(schema: Schema): ArrowEncoder {
    if (this.#file !== undefined) return this.#file
    this.#file = new ArrowEncoder({ format: this.#options.format, dictionaries: this.#dictionaries })
    this.#ready.push(this.#file.schema(schema))
    return this.#file
  }

  #refusal(problem: string, cause?: unknown): MillraceError {
    const { where } = this.#options
    return new MillraceError('SinkColumn', `${where}: up to row ${this.#rows}: ${problem}`, cause === undefined ? {} : { cause })
  }
}
