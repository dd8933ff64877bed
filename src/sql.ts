export type { ColumnSpec, SourceColumns, SourceRow } from './flow/column-spec.js'
export { type Identifier, ident } from './sql/identifier.js'
export { type SqlTag, type SqlValue, sql } from './sql/sql.js'
export { type Table, type TableColumns, table } from './sql/table.js'
