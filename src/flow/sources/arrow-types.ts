import { type DataType, type Field, TimeUnit, Type } from '@uwdata/flechette'
import type { FileType } from './file-types.js'

/** What a column holds; undefined: what nobody reads here. */
export function arrowFileType(type: DataType): FileType | undefined {
  switch (type.typeId) {
    case Type.Null:
      return 'null'
    case Type.Bool:
      return 'boolean'
    case Type.Int:
      return type.bitWidth < 32 || (type.bitWidth === 32 && type.signed) ? 'int32' : 'int64'
    case Type.Time:
      return type.bitWidth === 32 ? 'int32' : 'int64'
    case Type.Float:
    case Type.Decimal:
      return 'float64'
    case Type.Date:
    case Type.Timestamp:
      return 'timestamp'
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return 'utf8'
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return 'binary'
    case Type.Dictionary:
      return arrowFileType(type.dictionary)
    case Type.RunEndEncoded:
      return arrowFileType(type.children[1].type)
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
    case Type.ListView:
    case Type.LargeListView:
      return isReadable(type.children[0]) ? 'list' : undefined
    case Type.Struct:
      return type.children.every(isReadable) ? 'struct' : undefined
    case Type.Map:
      return entryOf(type.children).every(isReadable) && arrowFileType(entryOf(type.children)[0].type) === 'utf8' ? 'struct' : undefined
    default:
      return undefined
  }
}

/** Key and value of a map. */
function entryOf([entries]: readonly Field[]): readonly Field[] {
  return (entries.type as { children: readonly Field[] }).children
}

function isReadable({ type }: Field): boolean {
  return arrowFileType(type) !== undefined
}

/** Whether it, or a field inside it, has that name. */
export function isNamed({ name, type }: Field, wanted: string): boolean {
  const { children = [], dictionary } = type as { children?: readonly Field[]; dictionary?: DataType }
  return (
    name === wanted ||
    children.some((child) => isNamed(child, wanted)) ||
    (dictionary !== undefined && isNamed({ name, type: dictionary } as Field, wanted))
  )
}

export type Shaper = (value: unknown) => unknown

/** From a value as it is read to a plain one: times of a column as milliseconds, inside of others as Dates. Undefined: it is plain already. */
export function shaperOf(type: DataType, isInside = false): Shaper | undefined {
  switch (type.typeId) {
    case Type.Date:
      return isInside ? (value) => new Date(value as number) : undefined
    case Type.Timestamp: {
      const ms = millisecondsOf(type.unit)
      return isInside ? (value) => new Date(ms(value as bigint)) : (value) => ms(value as bigint)
    }
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
    case Type.ListView:
    case Type.LargeListView: {
      const inner = insideOf(type.children[0].type)
      return (value) => Array.from(value as ArrayLike<unknown>, inner)
    }
    case Type.Struct:
      return structShaper(type.children)
    case Type.Map: {
      const inner = insideOf(entryOf(type.children)[1].type)
      return (value) => Object.fromEntries((value as [string, unknown][]).map(([key, item]) => [key, inner(item)]))
    }
    case Type.Dictionary:
      return shaperOf(type.dictionary, isInside)
    case Type.RunEndEncoded:
      return shaperOf(type.children[1].type, isInside)
    default:
      return undefined
  }
}

function structShaper(children: readonly Field[]): Shaper {
  const inner = children.map(({ name, type }) => [name, insideOf(type)] as const)
  return (value) => Object.fromEntries(inner.map(([name, shape]) => [name, shape((value as Record<string, unknown>)[name])]))
}

function insideOf(type: DataType): Shaper {
  const shape = shaperOf(type, true)
  return (value) => (value === null || value === undefined ? null : shape === undefined ? value : shape(value))
}

/** From a count of units to whole milliseconds, the earlier one. */
function millisecondsOf(unit: number): (count: bigint) => number {
  if (unit === TimeUnit.SECOND) return (count) => Number(count) * 1000
  if (unit === TimeUnit.MILLISECOND) return (count) => Number(count)
  const divisor = unit === TimeUnit.MICROSECOND ? 1000n : 1_000_000n
  return (count) => Number((count - (((count % divisor) + divisor) % divisor)) / divisor)
}

/** The name of a type, for messages. */
export function typeName({ typeId }: DataType): string {
  return Object.entries(Type).find(([, id]) => id === typeId)?.[0] ?? `type ${typeId}`
}
