import { MillraceError } from '../base/errors.js'
import type { SpillFile } from './spill-folder.js'

/** What an open spill file takes of, and gives back to, the room there is. */
export interface SpillRoom {
  /** Throws `SpillBudget`. */
  take(bytes: number, where: string): void
  give(bytes: number): void
  wrote(bytes: number): void
  closed(area: SpillArea): void
}

/** One spill file: written at its end, read by position. What fails is a `SpillFailed` that says where and how far it was. */
export class SpillArea {
  private end = 0
  /** Bytes of the disk that it has, as far as it was ever written. */
  private size = 0
  private isClosed = false

  /** `where` begins messages: stage, and participant or operator. */
  constructor(
    private readonly file: SpillFile,
    private readonly where: string,
    private readonly room: SpillRoom,
  ) {}

  /** Bytes written since it was opened or rewound. */
  get length(): number {
    return this.end
  }

  /** Returns the position. Throws `SpillFailed`, `SpillBudget`. */
  append(bytes: Uint8Array): number {
    const position = this.end
    const more = Math.max(0, position + bytes.length - this.size)
    this.room.take(more, this.where)
    this.size += more
    this.attempt('write', bytes.length, () => this.file.write(bytes, position))
    this.end += bytes.length
    this.room.wrote(bytes.length)
    return position
  }

  /** In memory of its own. Throws `SpillFailed`. */
  read(position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    this.attempt('read', length, () => this.file.read(bytes, position))
    return bytes
  }

  /** Nothing in it counts any more: the next bytes are written at its beginning. */
  rewind(): void {
    this.end = 0
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.room.give(this.size)
    this.room.closed(this)
    try {
      this.file.close()
    } catch {
      // Nobody needs what it holds, and the system has let go of it in any case.
    }
  }

  private attempt(verb: 'read' | 'write', bytes: number, work: () => void): void {
    try {
      work()
    } catch (cause) {
      throw spillFailed(`${verb} ${bytes} bytes of ${this.size}`, { where: this.where, path: this.file.path, bytes, cause })
    }
  }
}

/** The error of a spill file, with `path` and `bytes` as properties of their own. */
export function spillFailed(doing: string, at: { where: string; path: string; bytes: number; cause: unknown }): MillraceError {
  const { where, path, bytes, cause } = at
  const reason = cause instanceof Error ? cause.message : String(cause)
  const cure = 'make room there, name another spillFolder, or give more memoryBytes'
  const error = new MillraceError('SpillFailed', `${where}: could not ${doing} at ${path}: ${reason}; ${cure}`, { cause })
  return Object.assign(error, { path, bytes })
}
