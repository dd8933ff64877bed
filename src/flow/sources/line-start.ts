import { LIMITS } from '../../base/limits.js'
import type { SourceLocation } from '../ctx.js'
import { contentError } from './read-error.js'

export const RETURN = 13

/** The beginning of a line that goes on in the next piece of its file. */
export class LineStart {
  #parts: Buffer[] = []
  bytes = 0
  /** Where in the file the line begins. */
  offset = 0

  /** Copies: a piece is overwritten by the next one. @throws MillraceError `SourceLine` for a line beyond 256 MiB */
  add(part: Buffer, { file, offset }: SourceLocation): void {
    if (part.length === 0) return
    if (this.bytes === 0) this.offset = offset
    this.bytes += part.length
    if (this.bytes > LIMITS.messageBytesMax) {
      const message = `${file}, byte ${this.offset}: a line is longer than ${LIMITS.messageBytesMax} bytes`
      throw contentError('SourceLine', file, this.offset, message)
    }
    this.#parts.push(Buffer.from(part))
  }

  /** The line, and nothing is left. */
  join(end: Buffer): string {
    const line = Buffer.concat([...this.#parts, end])
    this.clear()
    return line.toString('utf8', 0, withoutReturn(line, 0, line.length))
  }

  clear(): void {
    this.#parts = []
    this.bytes = 0
  }
}

/** The end of a line without one `\r`. */
export function withoutReturn(bytes: Buffer, from: number, to: number): number {
  return to > from && bytes[to - 1] === RETURN ? to - 1 : to
}
