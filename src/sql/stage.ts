import type { OpenSql } from '../flow/operators/sql.js'
import { loadEngine } from './engine.js'
import { StatementCursor } from './statement-cursor.js'

/** What a worker finds here by path: it runs one statement. */
export const openSql: OpenSql = (statement, place) => new StatementCursor(statement, place, () => loadEngine())
