import { MillraceError } from '../base/errors.js'

export type DuckDB = typeof import('@duckdb/node-api')

/**
 * The package that runs statements, which is optional.
 *
 * @throws MillraceError `SqlMissing`
 */
export async function loadEngine(load: () => Promise<DuckDB> = () => import('@duckdb/node-api')): Promise<DuckDB> {
  try {
    return await load()
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND'
    const what = isThere ? `cannot be loaded: ${(cause as Error).message}` : 'is not installed'
    throw new MillraceError('SqlMissing', `sql() needs the package @duckdb/node-api, which ${what}: npm install @duckdb/node-api`, {
      cause,
    })
  }
}
