import { type Batch, type Column, type DataType, Type } from '@uwdata/flechette'
import { textOf } from './text-of.js'

/** What is needed of the data of a column; `value` is what the package calls for each value. */
interface Data {
  readonly type: DataType
  readonly values: Uint8Array
  readonly offsets: ArrayLike<number | bigint>
  readonly children?: readonly Data[]
  readonly dictionary?: Column<unknown>
  view(at: number): Uint8Array
  value: (at: number) => unknown
  /** The entries of a dictionary, which the package has decoded by then. */
  cache?: ArrayLike<unknown>
}

/** Batches share their dictionary. */
const ENTRIES = new WeakMap<Column<unknown>, ArrayLike<unknown>>()

/** Lets the texts of a column be read as they are: the package drops a mark of byte order at the beginning of each. */
export function wholeTexts(batch: Batch<unknown>): void {
  keepMarks(batch as unknown as Data)
}

function keepMarks(data: Data): void {
  const { values, offsets, children, dictionary } = data
  switch (data.type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
      data.value = (at) => textOf(values.subarray(Number(offsets[at]), Number(offsets[at + 1])))
      return
    case Type.Utf8View:
      data.value = (at) => textOf(data.view(at))
      return
    case Type.Dictionary:
      if (dictionary !== undefined) data.cache = entriesOf(dictionary)
      return
    default:
      for (const child of children ?? []) keepMarks(child)
  }
}

function entriesOf(dictionary: Column<unknown>): ArrayLike<unknown> {
  const known = ENTRIES.get(dictionary)
  if (known !== undefined) return known
  for (const part of dictionary.data) wholeTexts(part)
  const entries = dictionary.toArray()
  ENTRIES.set(dictionary, entries)
  return entries
}
