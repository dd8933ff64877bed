import { assert } from '../base/assert.js'
import { MillraceError } from '../base/errors.js'
import { LIMITS } from '../base/limits.js'
import type { BatchBuilder } from './builder.js'
import type { ColumnBuilder } from './column-builder.js'
import {
  align8,
  type ColumnExtent,
  type ColumnLayout,
  DESCRIPTOR_BYTES,
  FLAG_NAMES,
  HEADER_BYTES,
  KINDS,
  layoutColumn,
  MAGIC,
} from './layout.js'
import type { Shape } from './shape.js'
import { encodeText } from './text.js'

interface ClosedColumn {
  readonly column: ColumnBuilder
  readonly extent: ColumnExtent
}

interface Part extends ClosedColumn {
  readonly layout: ColumnLayout
}

/** Turns the batches of one stream into messages. The names travel only in messages whose schema differs from the one before. */
export class BatchEncoder {
  #shape: Shape | undefined
  #version = -1

  /**
   * The rows of the builder as one message, in memory of its own; the builder is empty afterwards. A builder without rows is allowed.
   * @throws MillraceError `MessageTooLarge` beyond 256 MiB; the rows are still in the builder then.
   */
  encode(builder: BatchBuilder): Uint8Array {
    const { shape, rowCount } = builder
    this.#shape ??= shape
    assert(shape === this.#shape, `an encoder got batches of two stages, ${this.#shape.stage} and ${shape.stage}`)
    const columns = walk(builder.columns(), rowCount)
    const names = shape.version === this.#version ? undefined : columns.map(({ column }) => encodeText(column.name))
    const nameBytes = names?.reduce((bytes, name) => bytes + name.length, 0) ?? 0
    const start = align8(HEADER_BYTES + DESCRIPTOR_BYTES * columns.length + nameBytes)
    const { parts, end } = place(columns, start)
    if (end > LIMITS.messageBytesMax) throw tooLarge(shape.stage, end)

    const message = new Uint8Array(end)
    const view = new DataView(message.buffer)
    writeHeader(view, { version: shape.version, rowCount, columnCount: columns.length, flags: names ? FLAG_NAMES : 0 })
    writeDescriptors(view, parts, names)
    if (names) writeNames(message, names)
    for (const { column, layout, extent } of parts) column.writeTo(message, layout, extent)
    this.#version = shape.version
    builder.reset()
    return message
  }
}

/** All columns in the order of the message, closed. */
function walk(columns: readonly ColumnBuilder[], rows: number, closed: ClosedColumn[] = []): ClosedColumn[] {
  for (const column of columns) {
    const extent = column.close(rows)
    closed.push({ column, extent })
    const inside = column.inside()
    if (inside.length > 0) walk(inside, extent.kind === 'list' ? extent.size : rows, closed)
  }
  return closed
}

function place(columns: readonly ClosedColumn[], start: number): { parts: Part[]; end: number } {
  let end = start
  const parts = columns.map(({ column, extent }) => {
    const layout = layoutColumn(end, extent)
    end = layout.end
    return { column, extent, layout }
  })
  return { parts, end }
}

function writeHeader(view: DataView, header: { version: number; rowCount: number; columnCount: number; flags: number }): void {
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, header.version, true)
  view.setUint32(8, header.rowCount, true)
  view.setUint16(12, header.columnCount, true)
  view.setUint16(14, header.flags, true)
}

function writeDescriptors(view: DataView, parts: readonly Part[], names: readonly Uint8Array[] | undefined): void {
  parts.forEach(({ extent }, i) => {
    const at = HEADER_BYTES + DESCRIPTOR_BYTES * i
    view.setUint32(at, KINDS.indexOf(extent.kind), true)
    view.setUint32(at + 4, extent.nulls, true)
    view.setUint32(at + 8, extent.size, true)
    view.setUint32(at + 12, names?.[i]?.length ?? 0, true)
  })
}

function writeNames(message: Uint8Array, names: readonly Uint8Array[]): void {
  let at = HEADER_BYTES + DESCRIPTOR_BYTES * names.length
  for (const name of names) {
    message.set(name, at)
    at += name.length
  }
}

function tooLarge(stage: string, bytes: number): MillraceError {
  return new MillraceError(
    'MessageTooLarge',
    `stage ${JSON.stringify(stage)}: a batch of ${bytes} bytes, ${LIMITS.messageBytesMax} are allowed; finish batches earlier`,
  )
}
