import { MillraceError } from '../../base/errors.js'
import { type Plan, type StagePlan, sinksOf } from '../plan.js'
import type { ResolvedRunOptions } from '../run-options.js'
import type { SinkPlan } from '../sink-plan.js'
import type { Resumed } from '../sources/enumerate.js'
import type { Part, SinkEvent, SinkTerms } from './part-writer.js'
import { resumedSink } from './resume-plan.js'
import { commitSinks, type NamedFile } from './sink-commit.js'
import { sinkError } from './sink-error.js'
import { SinkFolders } from './sink-folders.js'
import { runMark, shownName } from './sink-names.js'
import { Unfinished } from './unfinished.js'

/** A sink of the run, and what workers told of it. */
interface Told {
  readonly sink: SinkPlan
  readonly stage: StagePlan
  /** Workers that wrote all that came to them. */
  sunk: number
  readonly files: NamedFile[]
}

/** All sinks of one run, at its leader: nothing has its name before all of it is written, and where that does not come to be nothing stays. */
export class SinkRun {
  readonly #mark: string = runMark()
  readonly #sinks: Map<string, Told>
  /** Of the one sink, where it keeps what is finished. */
  readonly #unfinished: Unfinished | undefined
  readonly #log: (object: unknown) => void
  readonly #folders: SinkFolders
  readonly #cwd: string
  #prepared: Promise<void> | undefined
  #kept: Part[] = []
  #failure: { readonly error: unknown } | undefined

  constructor(plan: Plan, { cwd, onLog }: Pick<ResolvedRunOptions, 'cwd' | 'onLog'>) {
    this.#cwd = cwd
    this.#log = (object) => onLog({ level: 'info', object, worker: 0, stage: 'write', source: undefined })
    const sinks = plan.stages.flatMap((stage) => sinksOf(stage).map((sink) => ({ sink, stage, sunk: 0, files: [] })))
    this.#sinks = new Map(sinks.map((told) => [told.sink.path, told]))
    this.#folders = new SinkFolders(
      sinks.map(({ sink }) => sink),
      cwd,
      this.#mark,
    )
    const resumed = resumedSink(plan.stages)
    this.#unfinished = resumed && new Unfinished({ ...resumed, cwd, mark: this.#mark })
  }

  /** Once it is prepared. */
  get terms(): SinkTerms {
    return { mark: this.#mark, partsBefore: this.#unfinished?.lastNumber ?? 0 }
  }

  /** What of the source an earlier run has finished; undefined where that is of no matter. */
  get resumed(): Resumed | undefined {
    return this.#unfinished?.resumed
  }

  /** Before the run. Throws `InvalidArgument`, `SinkExists`, `SinkResume`, `SinkWrite`; what finding files throws. */
  prepare(): Promise<void> {
    this.#prepared = this.#prepare()
    return this.#prepared
  }

  /** The parts of runs before this one, as rows of `write`: once. */
  takeKept(): Part[] {
    const kept = this.#kept
    this.#kept = []
    return kept
  }

  /** Throws `SinkWrite` where what was told before could not be kept. */
  told(event: SinkEvent): void {
    const told = this.#sinks.get(event.sink) as Told
    if (event.kind === 'sunk') told.sunk++
    else if (event.kind === 'kept') this.#unfinished?.keep(event)
    else told.files.push({ name: event.name, rows: event.rows, bytes: event.bytes })
  }

  /**
   * After the end of the run, of `workers` workers: gives the files their names if it `succeeded`, and in any case removes what is temporary.
   * Never rejects: see `check`. `lost` is an error that did no harm if all is written.
   */
  async settle(succeeded: boolean, workers: number, lost: { readonly error: unknown } | undefined): Promise<void> {
    await this.#prepared?.catch(() => {})
    if (this.#sinks.size === 0 || this.#prepared === undefined) return
    try {
      if (succeeded) {
        this.#checkComplete(workers, lost)
        await this.#commit()
      }
    } catch (error) {
      this.#failure = { error }
    }
    await this.#unfinished?.close(succeeded && this.#failure === undefined)
    await this.#folders.clean()
  }

  /** After `settle`: throws `SinkIncomplete`, `SinkExists`, `SinkWrite` where what was written has no names. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Throws where it is not. */
  #checkComplete(workers: number, lost: { readonly error: unknown } | undefined): void {
    for (const { sink, stage, sunk } of this.#sinks.values()) {
      if (sunk < (stage.on === 'one' ? 1 : workers)) throw lost === undefined ? incomplete(sink) : lost.error
    }
  }

  async #prepare(): Promise<void> {
    await this.#folders.prepare()
    if (this.#unfinished === undefined) return
    const [{ sink }] = this.#sinks.values()
    await this.#unfinished.open().catch((error) => {
      throw sinkError('write to', sink.path, error)
    })
    const { parts, resumed } = this.#unfinished
    this.#kept = parts.map(({ name, rows, bytes }) => ({ file: shownName(sink, name), rows, bytes }))
    if (resumed.done.size > 0) this.#log({ resumed: sink.path, splits: resumed.done.size, parts: parts.length })
  }

  async #commit(): Promise<void> {
    const unfinished = this.#unfinished
    await unfinished?.kept()
    const kept = unfinished?.parts.map((part) => ({ ...part, isKept: true })) ?? []
    const written = [...this.#sinks.values()].map(({ sink, files }) => ({ sink, files: [...files, ...kept].sort(byName) }))
    await commitSinks(written, { cwd: this.#cwd, mark: this.#mark, placed: async () => unfinished?.complete() })
  }
}

/** Parts by worker and number. */
function byName(a: NamedFile, b: NamedFile): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true })
}

function incomplete({ path }: SinkPlan): MillraceError {
  return new MillraceError(
    'SinkIncomplete',
    `${path} was not written: the run needed no more rows before all of them had come to it. Write the rows behind what stops them (an empty side of a join), or in a flow of their own`,
  )
}
