import type {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampValue,
  DuckDBType,
  DuckDBValue,
} from '@duckdb/node-api'
import { copyOfBytes } from '../columnar/bytes.js'
import type { ColumnType } from '../flow/column-spec.js'
import type { DuckDB } from './engine.js'

/** What a column of a result holds, in the words of this package. */
export type Kind = ColumnType | 'decimal' | 'null'

/** Undefined for what rows cannot hold. */
export function kindOf({ typeId }: DuckDBType, { DuckDBTypeId: id }: DuckDB): Kind | undefined {
  switch (typeId) {
    case id.BOOLEAN:
      return 'boolean'
    case id.TINYINT:
    case id.SMALLINT:
    case id.INTEGER:
    case id.UTINYINT:
    case id.USMALLINT:
      return 'int32'
    case id.UINTEGER:
    case id.BIGINT:
    case id.UBIGINT:
    case id.HUGEINT:
    case id.UHUGEINT:
      return 'int64'
    case id.FLOAT:
    case id.DOUBLE:
      return 'float64'
    case id.DECIMAL:
      return 'decimal'
    case id.VARCHAR:
    case id.ENUM:
    case id.UUID:
      return 'utf8'
    case id.BLOB:
      return 'binary'
    case id.DATE:
    case id.TIMESTAMP:
    case id.TIMESTAMP_S:
    case id.TIMESTAMP_MS:
    case id.TIMESTAMP_NS:
    case id.TIMESTAMP_TZ:
      return 'timestamp'
    case id.LIST:
    case id.ARRAY:
      return 'list'
    case id.STRUCT:
      return 'struct'
    case id.SQLNULL:
      return 'null'
    default:
      return undefined
  }
}

/** Gives undefined for a value that does not fit. Values are not null. */
type Converter = (value: DuckDBValue) => unknown

/** How the values of a type become those of rows: as declared, or, inside others, numbers wherever they are exact. */
export function converterOf(type: DuckDBType, declared: ColumnType | undefined, engine: DuckDB): Converter {
  const kind = kindOf(type, engine)
  if (declared === 'int64') return kind === 'decimal' ? wholeDecimal : int64
  if (declared === 'int32') return (value) => (Number(value) === (Number(value) | 0) ? Number(value) : undefined)
  switch (kind) {
    case 'int64':
      return safeNumber
    case 'decimal':
      return decimalNumber
    case 'utf8':
      return (value) => String(value)
    case 'binary':
      return (value) => copyOfBytes((value as DuckDBBlobValue).bytes)
    case 'timestamp':
      return dateOf(type, engine)
    case 'list':
      return listOf((type as { valueType?: DuckDBType }).valueType as DuckDBType, engine)
    case 'struct':
      return structOf(type as unknown as StructType, engine)
    default:
      return (value) => value
  }
}

function int64(value: DuckDBValue): bigint | undefined {
  const whole = BigInt(value as number | bigint)
  return BigInt.asIntN(64, whole) === whole ? whole : undefined
}

function safeNumber(value: DuckDBValue): number | undefined {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

function wholeDecimal(value: DuckDBValue): bigint | undefined {
  const { value: digits, scale } = value as DuckDBDecimalValue
  const unit = 10n ** BigInt(scale)
  return digits % unit === 0n ? int64(digits / unit) : undefined
}

/** The nearest number, of digits that a number has exactly. */
function decimalNumber(value: DuckDBValue): number | undefined {
  const { value: digits, scale } = value as DuckDBDecimalValue
  const number = safeNumber(digits)
  return number === undefined ? undefined : number / 10 ** scale
}

/** The largest count of milliseconds a Date can hold. */
const DATE_MS_MAX = 8.64e15
const DAY_MS = 86_400_000

/** Milliseconds, rounded down; infinity is none. */
function dateOf({ typeId }: DuckDBType, { DuckDBTypeId: id }: DuckDB): Converter {
  const ms = (value: DuckDBValue): number => {
    switch (typeId) {
      case id.DATE:
        return (value as DuckDBDateValue).days * DAY_MS
      case id.TIMESTAMP_S:
        return Number((value as DuckDBTimestampSecondsValue).seconds) * 1000
      case id.TIMESTAMP_MS:
        return Number((value as DuckDBTimestampMillisecondsValue).millis)
      case id.TIMESTAMP_NS:
        return Number(floored((value as DuckDBTimestampNanosecondsValue).nanos, 1_000_000n))
      default:
        return Number(floored((value as DuckDBTimestampValue).micros, 1000n))
    }
  }
  return (value) => {
    const count = ms(value)
    return Math.abs(count) <= DATE_MS_MAX ? new Date(count) : undefined
  }
}

function floored(value: bigint, unit: bigint): bigint {
  const rest = value % unit
  return (value - rest) / unit - (rest < 0n ? 1n : 0n)
}

function listOf(inner: DuckDBType, engine: DuckDB): Converter {
  const element = converterOf(inner, undefined, engine)
  return (value) => all((value as DuckDBListValue | DuckDBArrayValue).items, (item) => (item === null ? null : element(item)))
}

interface StructType {
  readonly entryNames: readonly string[]
  readonly entryTypes: readonly DuckDBType[]
}

function structOf({ entryNames, entryTypes }: StructType, engine: DuckDB): Converter {
  const members = entryTypes.map((type) => converterOf(type, undefined, engine))
  return (value) => {
    const { entries } = value as DuckDBStructValue
    const values = all(entryNames, (name, index) => (entries[name] === null ? null : members[index](entries[name])))
    return values && Object.fromEntries(entryNames.map((name, index) => [name, values[index]]))
  }
}

/** Undefined where one is. */
function all<T>(items: readonly T[], convert: (item: T, index: number) => unknown): unknown[] | undefined {
  const values = items.map(convert)
  return values.includes(undefined) ? undefined : values
}
