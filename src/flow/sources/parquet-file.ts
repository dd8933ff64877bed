import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, type RowGroup } from 'hyparquet'

/** A row group: a file of its own for the reader, with its place in the real one. */
export interface Group {
  readonly metadata: FileMetaData
  /** Number of its first row in the file. */
  readonly firstRow: number
  readonly rows: number
  /** Where its first byte stands: it belongs to the split that this byte is in. */
  readonly startByte: number
}

/** One open Parquet file. */
export class ParquetFile implements AsyncBuffer {
  readonly byteLength: number
  readonly #handle: FileHandle

  private constructor(handle: FileHandle, byteLength: number) {
    this.#handle = handle
    this.byteLength = byteLength
  }

  static async open(cwd: string, path: string): Promise<ParquetFile> {
    const handle = await open(resolve(cwd, path), 'r')
    try {
      return new ParquetFile(handle, (await handle.stat()).size)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async slice(start: number, end: number = this.byteLength): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(0, end - start))
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, bytes.length - filled, start + filled)
      if (bytesRead === 0) throw new Error(`the file ends at byte ${start + filled}, ${bytes.length - filled} bytes early`)
      filled += bytesRead
    }
    return bytes.buffer
  }

  async groups(): Promise<Group[]> {
    const metadata = await parquetMetadataAsync(this, { geoparquet: false })
    let firstRow = 0
    return metadata.row_groups.map((group) => {
      const rows = Number(group.num_rows)
      const alone = { metadata: { ...metadata, num_rows: group.num_rows, row_groups: [group] }, firstRow, rows, startByte: startOf(group) }
      firstRow += rows
      return alone
    })
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

function startOf(group: RowGroup): number {
  const starts = group.columns.flatMap(({ meta_data: meta }) =>
    meta ? [Number(meta.dictionary_page_offset || meta.data_page_offset)] : [],
  )
  return Math.min(...starts)
}
