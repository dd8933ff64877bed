import type { END, PAUSE } from '../operators/cursor.js'
import type { SplitFile } from './split.js'

/** Some bytes of a file, valid until the feed is asked for the next piece. */
export interface Piece {
  readonly file: SplitFile
  /** Where in the file the bytes stand. */
  readonly position: number
  readonly bytes: Buffer
  /** Bytes of the split that this is. */
  readonly splitBytes: number
  /** The file ends after these bytes (of which there may be none). */
  readonly eof: boolean
}

/**
 * The bytes of splits, file by file. A file is given from the byte before its range (where there is one) and beyond the end of the
 * range, until `skip()` or the end of the file: so a reader of lines sees where the first begins and the last ends. Of a compressed file
 * it is what it holds.
 */
export interface Feed {
  next(): Piece | typeof PAUSE | typeof END
  /** The rest of the file of the last piece is not needed. */
  skip(): void
  ready(): Promise<void>
  close(): void
  readonly splitsDone: number
}

/** Read at once; larger ones were no faster. */
export const PIECE_BYTES: number = 128 * 1024
/** Read at once beyond the range: mostly one line is missing. */
const TAIL_BYTES = 8 * 1024
/** Asked for beyond the range: a short answer then says that the file ends there, and saves a read. */
const SLACK_BYTES = 512

export function firstPosition(file: SplitFile): number {
  return Math.max(0, file.start - 1)
}

export function readBytes(file: SplitFile, position: number): number {
  return position < file.end ? Math.min(PIECE_BYTES, file.end - position + SLACK_BYTES) : TAIL_BYTES
}

/** A short read inside the range is no end: files on a network may give less than was asked. */
export function isEof(file: SplitFile, position: number, asked: number, got: number): boolean {
  return got === 0 || (got < asked && position + got >= file.end)
}

/** How much of a file's range a piece is. */
export function bytesInRange({ start, end }: SplitFile, position: number, bytes: number): number {
  return Math.max(0, Math.min(position + bytes, end) - Math.max(position, start))
}
