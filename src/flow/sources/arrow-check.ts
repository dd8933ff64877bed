import { type Batch, type Column, type DataType, Type } from '@uwdata/flechette'

/** What is looked at of the data of a column. */
interface Data {
  readonly length: number
  readonly nullCount: number
  readonly type: DataType
  readonly validity?: Uint8Array
  readonly values?: ArrayLike<number | bigint>
  readonly offsets?: ArrayLike<number | bigint>
  readonly sizes?: ArrayLike<number | bigint>
  readonly children?: readonly Data[]
  readonly dictionary?: Column<unknown>
  isValid(at: number): boolean
}

/**
 * Why the data of a column is not sound, undefined where it is: the package that decodes it takes what is not there for nothing, and what is
 * announced for true.
 */
export function unsound(batch: Batch<unknown>, rows: number): string | undefined {
  return problemOf(batch as unknown as Data, rows)
}

function problemOf(data: Data, rows: number): string | undefined {
  const { length, nullCount, validity, values, offsets, type } = data
  if (length !== rows) return `${length} values where ${rows} are announced`
  if (type.typeId === Type.Null || rows === 0) return undefined
  if (nullCount > 0 && validity !== undefined && validity.length > 0 && 8 * validity.length < rows)
    return 'marks of nulls that are cut short'
  if (values !== undefined && roomOf(type, values.length) < rows) return `room for ${roomOf(type, values.length)} values, not for ${rows}`
  if (offsets !== undefined && offsets.length < rows) return 'offsets that are cut short'
  return insideProblem(data) ?? childProblem(data)
}

/** Values that there is room for in so many elements. */
function roomOf(type: DataType, elements: number): number {
  switch (type.typeId) {
    case Type.Bool:
      return 8 * elements
    case Type.FixedSizeBinary:
      return elements / type.stride
    case Type.Decimal:
      return type.bitWidth <= 64 ? elements : elements / (type.bitWidth / 64)
    case Type.Utf8View:
    case Type.BinaryView:
      return elements / 16
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary:
      return Number.POSITIVE_INFINITY
    default:
      return elements
  }
}

function insideProblem(data: Data): string | undefined {
  const { type, length, values, offsets, sizes, children, dictionary } = data
  switch (type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary:
      return rising(offsets, length, values?.length ?? 0)
    case Type.List:
    case Type.LargeList:
    case Type.Map:
      return rising(offsets, length, children?.[0].length ?? 0)
    case Type.ListView:
    case Type.LargeListView:
      return within(offsets, sizes, length, children?.[0].length ?? 0)
    case Type.Dictionary:
      return known(data, dictionary?.length ?? 0)
    case Type.RunEndEncoded: {
      const ends = children?.[0].values
      return Number(ends?.[ends.length - 1] ?? 0) < length ? 'runs that are cut short' : undefined
    }
    default:
      return undefined
  }
}

function rising(offsets: Data['offsets'], rows: number, end: number): string | undefined {
  if (offsets === undefined || offsets.length <= rows) return 'offsets that are cut short'
  for (let at = 0; at < rows; at++) if (!(offsets[at] >= 0 && offsets[at] <= offsets[at + 1])) return `offsets that go back at row ${at}`
  return offsets[rows] <= end ? undefined : `offsets up to ${offsets[rows]} where there are ${end}`
}

function within(offsets: Data['offsets'], sizes: Data['sizes'], rows: number, end: number): string | undefined {
  for (let at = 0; at < rows; at++) {
    const from = Number(offsets?.[at])
    const size = Number(sizes?.[at])
    if (!(from >= 0 && size >= 0 && from + size <= end)) return `a list beyond its values at row ${at}`
  }
  return undefined
}

function known(data: Data, entries: number): string | undefined {
  for (let at = 0; at < data.length; at++) {
    const key = data.values?.[at] ?? -1
    if (!(key >= 0 && key < entries) && (data.nullCount === 0 || data.isValid(at)))
      return `${key} in a dictionary of ${entries} at row ${at}`
  }
  return data.dictionary?.data.map((part) => unsound(part, part.length)).find((problem) => problem !== undefined)
}

function childProblem({ type, length, children }: Data): string | undefined {
  const rowsOf = (child: Data): number => {
    if (type.typeId === Type.FixedSizeList) return type.stride * length
    return type.typeId === Type.Struct ? length : child.length
  }
  return children?.map((child) => problemOf(child, rowsOf(child))).find((problem) => problem !== undefined)
}
