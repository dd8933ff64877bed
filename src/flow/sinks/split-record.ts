import { type FileHandle, open, readFile, rename, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MillraceError } from '../../base/errors.js'
import type { FoundFile } from '../sources/find-files.js'
import { syncFolder } from './disk-sync.js'
import type { WrittenFile } from './part-writer.js'

/** What a run that may be gone on with was begun with: the first line. */
export interface RecordHead {
  readonly version: 1
  /** See `fingerprint`. */
  readonly plan: Readonly<Record<string, string>>
  readonly files: readonly FoundFile[]
}

/** One line: these splits are finished, and all that came of them is in these parts. */
export interface FinishedSplits {
  readonly splits: readonly string[]
  readonly parts: readonly WrittenFile[]
}

/** The last line: all parts have their names. */
const COMPLETE = '{"complete":true}\n'

/** What a record holds. */
export interface RecordRead {
  readonly head: RecordHead
  readonly finished: readonly FinishedSplits[]
  readonly isComplete: boolean
}

/** Which splits are finished: a file of JSON lines, to which one is added for some splits when their parts are on the disk. */
export class SplitRecord {
  readonly #file: FileHandle

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** A new one: nothing is there, or all of its head. */
  static async create(path: string, head: RecordHead): Promise<SplitRecord> {
    const begun = `${path}.new`
    const file = await open(begun, 'w')
    try {
      await file.writeFile(`${JSON.stringify(head)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(begun, path)
    await syncFolder(dirname(path))
    return SplitRecord.#append(path)
  }

  /** Goes on with one. What it holds has been read. */
  static async resume(path: string, { wholeBytes }: { readonly wholeBytes: number }): Promise<SplitRecord> {
    await truncate(path, wholeBytes)
    return SplitRecord.#append(path)
  }

  static async #append(path: string): Promise<SplitRecord> {
    return new SplitRecord(await open(path, 'a'))
  }

  /** Resolves when it is on the disk. */
  async add(finished: FinishedSplits): Promise<void> {
    await this.#write(`${JSON.stringify(finished)}\n`)
  }

  async complete(): Promise<void> {
    await this.#write(COMPLETE)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #write(line: string): Promise<void> {
    await this.#file.appendFile(line)
    await this.#file.datasync()
  }
}

/**
 * What a record holds; undefined where there is none. A last line that was cut off counts for nothing: `wholeBytes` are before it.
 * Throws `SinkResume` where it is no such record, and what the system throws.
 */
export async function readRecord(path: string): Promise<(RecordRead & { readonly wholeBytes: number }) | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const lines = text.split('\n')
  // Behind the last end of a line: nothing, or a line that was cut off.
  lines.pop()
  const values = lines.map((line) => parsed(line))
  const torn = values.indexOf(undefined)
  if (torn >= 0 && torn < values.length - 1) throw damaged(path, torn + 1)
  const whole = torn < 0 ? values : values.slice(0, -1)
  const [head, ...rest] = whole
  if ((head as Partial<RecordHead> | undefined)?.version !== 1) throw damaged(path, 1)
  const wholeBytes = Buffer.byteLength(
    lines
      .slice(0, whole.length)
      .map((line) => `${line}\n`)
      .join(''),
  )
  const finished = rest.filter((line): line is FinishedSplits => Array.isArray((line as Partial<FinishedSplits>).splits))
  return { head: head as RecordHead, finished, isComplete: finished.length < rest.length, wholeBytes }
}

function parsed(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    // Cut off, or damaged: the caller knows by where it stands.
    return undefined
  }
}

function damaged(path: string, line: number): MillraceError {
  return new MillraceError(
    'SinkResume',
    `${path}, line ${line}: this is no record of finished splits: remove its folder, which begins anew`,
  )
}
