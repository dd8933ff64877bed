import type { Row } from '../../columnar/schema.js'

/** What an encoder gathers before it says that there is enough to be written. */
export const BLOCK_BYTES: number = 256 * 1024

/** Rows in, bytes out: those of one file, or of several, one after the other. */
export interface RowEncoder {
  /** Takes a row in, which may change afterwards. True: what there is should be taken. Throws `SinkColumn`. */
  add(row: Readonly<Row>): boolean
  /** The bytes of what was added since the last time, but for what waits for more rows; they are the caller's. */
  take(): Uint8Array
  /** The last bytes of the file: the next row begins another. */
  end(): Uint8Array
}
