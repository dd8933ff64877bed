import { join } from 'node:path'
import type { Row } from '../../columnar/schema.js'
import type { SinkPlan } from '../sink-plan.js'
import type { RowEncoder } from './row-encoder.js'
import type { SinkDisk, SinkFile } from './sink-disk.js'
import { sinkError } from './sink-error.js'
import { partName, shownName, targetOf, writtenName } from './sink-names.js'

/** A file that was written: a row of `write`. */
export interface Part {
  /** As the sink was given its path, and in a folder the name of the part. */
  file: string
  rows: number
  bytes: number
}

/** A file that a worker has written, by the name that it is to get. */
export interface WrittenFile {
  readonly name: string
  readonly rows: number
  readonly bytes: number
}

/** What a worker tells of its sinks. */
export type SinkEvent =
  /** A file is written, under its temporary name. */
  | ({ readonly kind: 'wrote'; readonly sink: string } & WrittenFile)
  /** All rows of these splits are written: these parts hold them, and no others. */
  | { readonly kind: 'kept'; readonly sink: string; readonly splits: readonly string[]; readonly parts: readonly WrittenFile[] }
  /** All rows that came here are. */
  | { readonly kind: 'sunk'; readonly sink: string }

/** What workers have to know of the sinks of a run. */
export interface SinkTerms {
  /** In the names of the run's temporary files. */
  readonly mark: string
  /** So many parts of each worker are there, of runs before this one. */
  readonly partsBefore: number
}

/** What a worker lends to its sinks. */
export interface SinkHost extends SinkTerms {
  readonly cwd: string
  readonly worker: number
  readonly disk: SinkDisk
  readonly tell: (event: SinkEvent) => void
}

interface OpenPart {
  readonly name: string
  readonly file: SinkFile
  rows: number
  bytes: number
}

/** Writes the rows of one worker to the files of a sink, under temporary names: the leader gives them their own. */
export class PartWriter {
  readonly #sink: SinkPlan
  readonly #encoder: RowEncoder
  readonly #host: SinkHost
  readonly #parts: Part[] = []
  #open: OpenPart | undefined

  constructor(sink: SinkPlan, encoder: RowEncoder, host: SinkHost) {
    this.#sink = sink
    this.#encoder = encoder
    this.#host = host
  }

  /** Throws `SinkWrite`, `SinkColumn`. */
  add(row: Readonly<Row>): void {
    const part = this.#open ?? this.#begin()
    part.rows++
    if (this.#encoder.add(row)) this.#write(part, this.#encoder.take())
    const { parts } = this.#sink
    if (parts !== undefined && (part.rows === parts.rows || part.bytes >= (parts.bytes ?? Number.POSITIVE_INFINITY))) this.#finish(part)
  }

  /** Ends the part at hand, if there is one. Throws `SinkWrite`. */
  cut(): void {
    if (this.#open !== undefined) this.#finish(this.#open)
  }

  /** There are no more rows. What was written: one file also where there were none, of a folder no part. Throws `SinkWrite`. */
  end(): readonly Part[] {
    if (this.#open !== undefined || this.#sink.parts === undefined) this.#finish(this.#open ?? this.#begin())
    this.#host.tell({ kind: 'sunk', sink: this.#sink.path })
    return this.#parts
  }

  /** Lets go of what is not finished; the leader removes it. */
  close(): void {
    const part = this.#open
    this.#open = undefined
    try {
      part?.file.close()
    } catch {
      // Nobody needs what it holds, and the system has let go of it in any case.
    }
  }

  #begin(): OpenPart {
    const { parts, kind } = this.#sink
    const { cwd, worker, mark, partsBefore, disk } = this.#host
    const target = targetOf(this.#sink, cwd)
    const name = target.name ?? partName(worker, partsBefore + this.#parts.length + 1, kind)
    const create = () => disk.create(join(target.folder, writtenName(this.#sink, name, mark)))
    this.#open = { name, file: this.#attempt(parts === undefined ? 'make' : 'make the part', name, create), rows: 0, bytes: 0 }
    return this.#open
  }

  #write(part: OpenPart, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#attempt(`write ${bytes.length} bytes behind ${part.bytes} to`, part.name, () => part.file.write(bytes))
    part.bytes += bytes.length
  }

  #finish(part: OpenPart): void {
    this.#write(part, this.#encoder.end())
    this.#open = undefined
    this.#attempt('close', part.name, () => part.file.close())
    const { name, rows, bytes } = part
    this.#parts.push({ file: shownName(this.#sink, name), rows, bytes })
    this.#host.tell({ kind: 'wrote', sink: this.#sink.path, name, rows, bytes })
  }

  #attempt<T>(doing: string, name: string, work: () => T): T {
    try {
      return work()
    } catch (cause) {
      throw sinkError(doing, shownName(this.#sink, name), cause)
    }
  }
}
