import { MillraceError } from '../base/errors.js'
import { SpillArea, type SpillRoom, spillFailed } from './spill-area.js'
import type { SpillFile, SpillFolder } from './spill-folder.js'

/** What one worker has on disk for one query: opens its spill files and keeps them within a number of bytes. */
export class Spill implements SpillRoom {
  private readonly areas = new Set<SpillArea>()
  private held = 0
  private written = 0

  /** `limitBytes` for all files together, of all stages. */
  constructor(
    private readonly folder: SpillFolder,
    private readonly limitBytes: number,
  ) {}

  /** Where files are made, and how many bytes there may be. */
  get room(): { readonly path: string; readonly limitBytes: number } {
    return { path: this.folder.path, limitBytes: this.limitBytes }
  }

  get openFiles(): number {
    return this.areas.size
  }

  /** Bytes on disk now. */
  get heldBytes(): number {
    return this.held
  }

  /** Bytes written to disk so far. */
  get writtenBytes(): number {
    return this.written
  }

  /** A new file. `where` begins the messages of its errors. Throws `SpillFailed`. */
  open(where: string): SpillArea {
    const area = new SpillArea(this.openFile(where), where, this)
    this.areas.add(area)
    return area
  }

  wrote(bytes: number): void {
    this.written += bytes
  }

  take(bytes: number, where: string): void {
    if (this.held + bytes > this.limitBytes) throw this.exceeded(bytes, where)
    this.held += bytes
  }

  give(bytes: number): void {
    this.held -= bytes
  }

  closed(area: SpillArea): void {
    this.areas.delete(area)
  }

  private openFile(where: string): SpillFile {
    const { folder } = this
    try {
      return folder.open()
    } catch (cause) {
      throw spillFailed('open a file', { where, path: folder.path, bytes: 0, cause })
    }
  }

  private exceeded(bytes: number, where: string): MillraceError {
    return new MillraceError(
      'SpillBudget',
      `${where}: ${bytes} more bytes to ${this.held} that this worker has on disk for the run, more than the ${this.limitBytes} allowed: ` +
        'give more spillBytes or memoryBytes, or keep less',
    )
  }
}
