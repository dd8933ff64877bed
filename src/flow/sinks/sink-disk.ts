import { closeSync, openSync, writeSync } from 'node:fs'

/** A file that is written from its beginning to its end. Calls hold up the thread, and throw what the system throws. */
export interface SinkFile {
  /** Writes all of it. */
  write(bytes: Uint8Array): void
  close(): void
}

/** All that a sink asks of a file system in a worker. */
export interface SinkDisk {
  /** A new empty file. Throws what the system throws, also where there is one of that name. */
  create(path: string): SinkFile
}

export class SystemDisk implements SinkDisk {
  #openFiles = 0

  /** Files that were made and not closed. */
  get openFiles(): number {
    return this.#openFiles
  }

  create(path: string): SinkFile {
    const descriptor = openSync(path, 'wx')
    this.#openFiles++
    return {
      write: (bytes) => {
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
      },
      close: () => {
        this.#openFiles--
        closeSync(descriptor)
      },
    }
  }
}
