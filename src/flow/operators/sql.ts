import type { Slice } from '../../base/slice.js'
import type { Row } from '../../columnar/schema.js'
import type { Spill } from '../../exchange/spill.js'
import type { SqlPlan, SqlTablePlan } from '../plan.js'
import type { CallWaits } from './call-waits.js'
import type { BlockCursor, Cursor } from './cursor.js'

/** A table, and the rows that it is to have. */
export interface SqlTable extends SqlTablePlan {
  readonly rows: Cursor<Row>
}

/** A statement that is to run. */
export interface SqlStatement extends SqlPlan {
  readonly tables: readonly SqlTable[]
}

/** What a statement has where it runs. */
export interface SqlPlace {
  /** Begins the messages of errors. */
  readonly where: string
  /** What it may keep in memory, in bytes. */
  readonly share: number
  readonly slice: Slice
  readonly waits: CallWaits
  readonly spill?: Spill | undefined
  /** Its rows go as they are to who runs the flow. */
  readonly isWhole: boolean
  /** It is in the thread that runs the flow, and not in that of a worker; false by default. */
  readonly isLeader?: boolean
}

/** The rows that a statement gives. */
export type OpenSql = (statement: SqlStatement, place: SqlPlace) => BlockCursor
