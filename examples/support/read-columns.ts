import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

/** The values of some columns for the rows of one row group. */
export interface ColumnGroup {
  readonly rows: number
  readonly columns: Readonly<Record<string, ArrayLike<unknown>>>
}

/** Some columns of a Parquet file, row group by row group: the plain reader for programs of one thread. */
export async function* readColumns(path: string, names: readonly string[]): AsyncGenerator<ColumnGroup> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const parts: Record<string, unknown[]> = Object.fromEntries(names.map((name) => [name, []]))
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: [...names],
      rowStart,
      rowEnd,
      onChunk: ({ columnName, columnData }) => parts[columnName]?.push(columnData),
    })
    yield { rows: rowEnd - rowStart, columns: Object.fromEntries(names.map((name) => [name, joined(parts[name] as ArrayLike<unknown>[])])) }
    rowStart = rowEnd
  }
}

function joined(parts: readonly ArrayLike<unknown>[]): ArrayLike<unknown> {
  return parts.length === 1 ? (parts[0] as ArrayLike<unknown>) : parts.flatMap((part) => Array.from(part))
}
