import type { SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { MillraceError } from '../../base/errors.js'
import { type Int32Columns, NO_INT32 } from '../../columnar/int32-columns.js'
import type { Row } from '../../columnar/schema.js'
import type { ParquetSinkPlan } from '../sink-plan.js'
import { ParquetColumn } from './parquet-column.js'
import type { RowEncoder } from './row-encoder.js'

/** What is gathered for a row group, at most, as an estimate of its values before they are compressed. */
const ROW_GROUP_BYTES = 16 * 1024 * 1024

/** An open file: its bytes since they were last taken, and what writes them. */
interface OpenFile {
  readonly bytes: ByteWriter
  readonly parquet: ParquetWriter
}

/** Parquet files: row groups of columns. What the columns are is fixed when the first row group is complete. */
export class ParquetEncoder implements RowEncoder {
  readonly #where: string
  readonly #options: ParquetSinkPlan
  readonly #int32: Int32Columns
  readonly #groupBytes: number
  readonly #columns = new Map<string, ParquetColumn>()
  #schema: SchemaElement[] | undefined
  #file: OpenFile | undefined
  #groupRows = 0
  #estimate = 0
  /** Of all files. */
  #rows = 0

  /** `where` begins its messages; `int32`: which of the columns not declared are. */
  constructor(where: string, options: ParquetSinkPlan, int32: Int32Columns = NO_INT32) {
    this.#where = where
    this.#options = options
    this.#int32 = int32
    this.#groupBytes = Math.min(ROW_GROUP_BYTES, options.parts?.bytes ?? ROW_GROUP_BYTES)
    for (const plan of options.columns ?? []) this.#columns.set(plan.column, new ParquetColumn(plan, 0))
  }

  add(row: Readonly<Row>): boolean {
    this.#rows++
    const names = Object.keys(row)
    for (const name of names) this.#keep(this.#columns.get(name) ?? this.#another(name), row[name])
    this.#groupRows++
    if (names.length < this.#columns.size) {
      for (const column of this.#columns.values()) if (column.length < this.#groupRows) this.#keep(column, null)
    }
    if (this.#groupRows < this.#options.rowGroupRows && this.#estimate < this.#groupBytes) return false
    this.#endGroup()
    return true
  }

  take(): Uint8Array {
    return this.#file === undefined ? new Uint8Array() : takeFrom(this.#file.bytes)
  }

  end(): Uint8Array {
    if (this.#groupRows > 0) this.#endGroup()
    const { parquet, bytes } = this.#opened()
    void parquet.finish()
    this.#file = undefined
    return takeFrom(bytes)
  }

  #keep(column: ParquetColumn, value: unknown): void {
    try {
      this.#estimate += column.add(value)
    } catch (error) {
      throw this.#refusal(`column ${JSON.stringify(column.name)} ${(error as Error).message}`)
    }
  }

  #another(name: string): ParquetColumn {
    if (this.#options.columns !== undefined) throw this.#refusal(`a column ${JSON.stringify(name)}, which the option columns does not name`)
    if (this.#schema !== undefined) throw this.#refusal(`a column ${JSON.stringify(name)}, which no row of the first row group has`)
    const column = new ParquetColumn({ column: name, int32: this.#int32 }, this.#groupRows)
    this.#columns.set(name, column)
    return column
  }

  #endGroup(): void {
    const { parquet } = this.#opened()
    const columnData = [...this.#columns.values()].map((column) => column.take())
    void parquet.write({ columnData, rowGroupSize: this.#groupRows })
    this.#groupRows = 0
    this.#estimate = 0
  }

  #opened(): OpenFile {
    if (this.#file !== undefined) return this.#file
    this.#schema ??= [{ name: 'root', num_children: this.#columns.size }, ...[...this.#columns.values()].map((column) => column.element())]
    const bytes = new ByteWriter()
    const codec = this.#options.compression === 'snappy' ? 'SNAPPY' : 'UNCOMPRESSED'
    this.#file = { bytes, parquet: new ParquetWriter({ writer: bytes, schema: this.#schema, codec, createdBy: 'millrace' }) }
    return this.#file
  }

  #refusal(problem: string): MillraceError {
    const cure = 'declare all in the option columns of the sink, or map the rows'
    return new MillraceError('SinkColumn', `${this.#where}: row ${this.#rows}: ${problem}: ${cure}`)
  }
}

/** A copy: its memory is used again. */
function takeFrom(bytes: ByteWriter): Uint8Array {
  const taken = bytes.getBytes().slice()
  bytes.index = 0
  return taken
}
