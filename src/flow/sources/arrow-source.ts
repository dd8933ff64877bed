import { type Field, type Table, tableFromIPC } from '@uwdata/flechette'
import type { ColumnPlan } from '../column-plan.js'
import { unsound } from './arrow-check.js'
import { setCodecs } from './arrow-codecs.js'
import { ArrowFile, type MessageStart } from './arrow-file.js'
import { MESSAGE, readHead } from './arrow-metadata.js'
import { wholeTexts } from './arrow-texts.js'
import { arrowFileType, isNamed, shaperOf, typeName } from './arrow-types.js'
import { type Block, BlockSource } from './block-source.js'
import { type ColumnRead, columnReads, columnsFound, type PresentColumn } from './column-reads.js'
import { type ColumnValues, columnValues, rowAt } from './column-values.js'
import { contentError } from './read-error.js'
import type { Split, SplitFile } from './split.js'

/** Batches are decoded together up to this, so that a dictionary is unpacked once for many small ones. */
const GROUP_BYTES = 0x10_0000
const OPTIONS = { useBigInt: true, useBigIntTimestamp: true }

/** Messages that are decoded together: the schema, dictionaries, and batches. */
interface Group {
  readonly path: string
  readonly before: readonly Uint8Array[]
  readonly batches: Uint8Array[]
  /** Rows of each batch, and the number of its first one in the file. */
  readonly places: { readonly rows: number; readonly firstRow: number }[]
  bytes: number
}

/** What was read of a file to find its batches: many splits of one file come one after the other. */
interface FileLayout {
  readonly path: string
  readonly before: readonly Uint8Array[]
  readonly batches: readonly { readonly start: MessageStart; readonly firstRow: number }[]
}

/**
 * Record batches of Arrow IPC files: those that start in the ranges of the splits. A stream is read from its beginning to its end by whoever has
 * its first range. A row's offset is its number in its file.
 */
export class ArrowSource extends BlockSource {
  readonly #declared: readonly ColumnPlan[] | undefined
  readonly #cwd: string
  #layout: FileLayout | undefined

  constructor(declared: readonly ColumnPlan[] | undefined, nextSplit: () => Promise<Split | undefined>, cwd: string) {
    super(nextSplit)
    this.#declared = declared
    this.#cwd = cwd
    setCodecs()
  }

  protected async *blocksOf(range: SplitFile): AsyncGenerator<Block, void, undefined> {
    const file = await ArrowFile.open(this.#cwd, range.path)
    try {
      if (file.isFile) yield* this.#fileBlocks(file, range)
      else if (range.start === 0) yield* this.#streamBlocks(file, range.path)
    } finally {
      await file.close()
    }
  }

  async *#fileBlocks(file: ArrowFile, range: SplitFile): AsyncGenerator<Block, void, undefined> {
    const { path } = range
    if (this.#layout?.path !== path) this.#layout = await layoutOf(file, path)
    const { before, batches } = this.#layout
    let group = newGroup(path, before)
    for (const { start, firstRow } of batches) {
      if (start.position < range.start || start.position >= range.end) continue
      add(group, await file.message(start), start.rows, firstRow)
      if (group.bytes < GROUP_BYTES) continue
      yield* this.#decoded(group)
      group = newGroup(path, before)
    }
    yield* this.#decoded(group)
  }

  async *#streamBlocks(file: ArrowFile, path: string): AsyncGenerator<Block, void, undefined> {
    const dictionaries = new Map<number, Uint8Array[]>()
    let schema: Uint8Array | undefined
    let firstRow = 0
    let group = newGroup(path, [])
    for (let start = await file.start(0); start !== undefined; start = await file.start(start.end)) {
      const message = await file.message(start)
      if (start.kind === MESSAGE.schema) schema ??= checkedSchema(path, message)
      else if (schema === undefined) throw noSchema(path)
      if (start.kind === MESSAGE.batch) {
        add(group, message, start.rows, firstRow)
        firstRow += start.rows
        if (group.bytes < GROUP_BYTES) continue
      } else if (start.kind === MESSAGE.dictionary) {
        // Batches before this one have the values before this one.
        yield* this.#decoded(group)
        dictionaries.set(start.id, start.isDelta ? [...(dictionaries.get(start.id) ?? []), message] : [message])
      }
      if (start.kind === MESSAGE.batch) yield* this.#decoded(group)
      group = newGroup(path, [schema as Uint8Array, ...[...dictionaries.values()].flat()])
    }
    if (schema === undefined) throw noSchema(path)
    yield* this.#decoded(group)
  }

  async *#decoded(group: Group): AsyncGenerator<Block, void, undefined> {
    if (group.batches.length === 0) {
      // Columns that are not there are told of where there are no rows too.
      if (group.before.length > 0) this.#columns(group.path, tableFromIPC([group.before[0]], OPTIONS).schema.fields)
      return
    }
    const table = tableFromIPC([...group.before, ...group.batches], OPTIONS)
    const reads = this.#columns(group.path, table.schema.fields)
    for (const [batch, { rows, firstRow }] of group.places.entries()) {
      const columns = await this.#valuesOf(table, reads, { batch, rows, firstRow, path: group.path })
      yield { path: group.path, rows, row: (at) => rowAt(columns, at), offset: (at) => firstRow + at }
    }
  }

  /** Lets the event loop turn between columns. */
  async #valuesOf(
    table: Table,
    reads: readonly ColumnRead[],
    { batch, rows, firstRow, path }: { batch: number; rows: number; firstRow: number; path: string },
  ): Promise<ColumnValues[]> {
    const columns: ColumnValues[] = []
    for (const read of reads) {
      await new Promise(setImmediate)
      if (this.isClosed) break
      const index = table.schema.fields.findIndex(({ name }) => name === read.column)
      const shape = shaperOf(table.schema.fields[index].type)
      const data = table.children[index].data[batch]
      const problem = unsound(data, rows)
      if (problem !== undefined) throw damaged(path, `rows from ${firstRow} on, column ${JSON.stringify(read.column)}: ${problem}`)
      wholeTexts(data)
      const values = Array.from({ length: data.length }, (_none, at) => {
        const value: unknown = data.at(at)
        return shape === undefined || value === null || value === undefined ? value : shape(value)
      })
      columns.push(columnValues(read, [values], rows, { path, firstRow }))
    }
    return columns
  }

  #columns(path: string, fields: readonly Field[]): ColumnRead[] {
    const present = new Map<string, PresentColumn>()
    const wanted = this.#declared && new Set(this.#declared.map(({ column }) => column))
    for (const field of fields) {
      const { name, type } = field
      const file = arrowFileType(type)
      const isWanted = wanted?.has(name) ?? true
      if (isWanted && file === undefined) throw refusal(path, name, `is a ${typeName(type)}, which cannot be read here`)
      if (isWanted && present.has(name)) throw refusal(path, name, 'is there twice')
      present.set(name, { file: file ?? 'other', hasProto: isNamed(field, '__proto__'), hasMaps: false })
    }
    const reads = columnReads(path, present, this.#declared)
    this.int32.found(columnsFound(reads))
    return reads
  }
}

async function layoutOf(file: ArrowFile, path: string): Promise<FileLayout> {
  const footer = await file.footer()
  const schema = { ...readHead(footer.schema), metadata: footer.schema, bodyPosition: 0, bodyBytes: 0 }
  const starts = async (positions: readonly number[]): Promise<MessageStart[]> => {
    const all: MessageStart[] = []
    for (const position of positions) {
      const start = await file.start(position)
      if (start === undefined)
        throw contentError('SourceRead', path, position, `${path}, byte ${position}: no message where the footer names one`)
      all.push(start)
    }
    return all
  }
  const before = [checkedSchema(path, await file.message(schema))]
  for (const start of await starts(footer.dictionaries)) before.push(await file.message(start))
  let firstRow = 0
  const batches = (await starts(footer.batches)).map((start) => {
    const place = { start, firstRow }
    firstRow += start.rows
    return place
  })
  return { path, before, batches }
}

function newGroup(path: string, before: readonly Uint8Array[]): Group {
  return { path, before, batches: [], places: [], bytes: 0 }
}

function add(group: Group, message: Uint8Array, rows: number, firstRow: number): void {
  // One without rows may be without the dictionaries that it names.
  if (rows === 0) return
  group.batches.push(message)
  group.places.push({ rows, firstRow })
  group.bytes += message.length
}

function checkedSchema(path: string, message: Uint8Array): Uint8Array {
  if (tableFromIPC([message]).schema.endianness === 1)
    throw contentError('SourceRead', path, 0, `${path}: its values are big-endian: write it on a little-endian machine`)
  return message
}

function noSchema(path: string): Error {
  return contentError('SourceRead', path, 0, `${path}: no Arrow IPC: it does not begin with a schema`)
}

function damaged(path: string, what: string): Error {
  return contentError('SourceRead', path, 0, `${path}: ${what}; the file is damaged: write it again`)
}

function refusal(path: string, column: string, what: string): Error {
  return contentError('FileColumn', path, 0, `${path}: column ${JSON.stringify(column)} ${what}: name the others in columns`)
}
