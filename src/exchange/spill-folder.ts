import { closeSync, mkdtempSync, openSync, readSync, rmdirSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { folderPrefix } from './spill-owner.js'

/** A file that has no name any more. Calls hold up the thread, and throw what the system throws. */
export interface SpillFile {
  /** Where it was, for messages. */
  readonly path: string
  /** Writes all of it. */
  write(bytes: Uint8Array, position: number): void
  /** Fills all of it. */
  read(into: Uint8Array, position: number): void
  /** Gives its room on the disk back. */
  close(): void
}

/** Where spill files are made: all that spilling asks of a file system. */
export interface SpillFolder {
  readonly path: string
  /** A new empty file that nobody else can open. Throws what the system throws. */
  open(): SpillFile
}

/**
 * Spill files below an existing folder, on its disk. Each is made in a private folder of its own (`mkdtemp`, 0700) and loses its name, as
 * does the folder, before `open` returns: its bytes are the process's alone and go with it, however it ends. Only a process that dies
 * in between leaves something: see `sweepSpillFolders`.
 */
export function createSpillFolder(path: string): SpillFolder {
  return { path, open: () => openUnlinked(path) }
}

function openUnlinked(base: string): SpillFile {
  const folder = mkdtempSync(join(base, folderPrefix()))
  try {
    const path = join(folder, 'rows')
    const file = new OpenFile(path, openSync(path, 'wx+', 0o600))
    try {
      unlinkSync(path)
    } catch (error) {
      file.close()
      throw error
    }
    return file
  } finally {
    rmdirSync(folder)
  }
}

class OpenFile implements SpillFile {
  constructor(
    readonly path: string,
    private readonly descriptor: number,
  ) {}

  write(bytes: Uint8Array, position: number): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.descriptor, bytes, at, bytes.length - at, position + at)
  }

  read(into: Uint8Array, position: number): void {
    for (let at = 0; at < into.length; ) {
      const count = readSync(this.descriptor, into, at, into.length - at, position + at)
      if (count === 0) throw new Error(`the file ends at ${position + at}, ${into.length - at} bytes early`)
      at += count
    }
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
