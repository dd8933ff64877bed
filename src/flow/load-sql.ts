import type { OpenSql } from './operators/sql.js'

let loaded: OpenSql | undefined

/** What runs statements stands on a floor above and is found by its path, as workers are; it is loaded only where there are some. */
export async function loadSql(): Promise<OpenSql> {
  if (loaded === undefined) {
    const { openSql } = (await import(new URL('../sql/stage.js', import.meta.url).href)) as { openSql: OpenSql }
    loaded = openSql
  }
  return loaded
}
