import { MillraceError } from '../../base/errors.js'
import { type Plan, type SinkPlan, type StagePlan, sinksOf } from '../plan.js'
import type { SinkEvent } from './part-writer.js'
import { commitSinks, type WrittenFile } from './sink-commit.js'
import { SinkFolders } from './sink-folders.js'
import { runMark } from './sink-names.js'

/** A sink of the run, and what workers told of it. */
interface Told {
  readonly sink: SinkPlan
  readonly stage: StagePlan
  /** Workers that wrote all that came to them. */
  sunk: number
  readonly files: WrittenFile[]
}

/** All sinks of one run, at its leader: nothing has its name before all of it is written, and where that does not come to be nothing stays. */
export class SinkRun {
  readonly mark: string = runMark()
  readonly #sinks: Map<string, Told>
  readonly #folders: SinkFolders
  #prepared: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(
    plan: Plan,
    private readonly cwd: string,
  ) {
    const sinks = plan.stages.flatMap((stage) => sinksOf(stage).map((sink) => ({ sink, stage, sunk: 0, files: [] })))
    this.#sinks = new Map(sinks.map((told) => [told.sink.path, told]))
    this.#folders = new SinkFolders(
      sinks.map(({ sink }) => sink),
      cwd,
      this.mark,
    )
  }

  /** Before the run. Throws `InvalidArgument`, `SinkExists`, `SinkWrite`. */
  prepare(): Promise<void> {
    this.#prepared = this.#folders.prepare()
    return this.#prepared
  }

  told(event: SinkEvent): void {
    const told = this.#sinks.get(event.sink) as Told
    if (event.kind === 'sunk') told.sunk++
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

  async #commit(): Promise<void> {
    const written = [...this.#sinks.values()].map(({ sink, files }) => ({ sink, files: files.sort(byName) }))
    await commitSinks(written, this.cwd, this.mark)
  }
}

/** Parts by worker and number. */
function byName(a: WrittenFile, b: WrittenFile): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true })
}

function incomplete({ path }: SinkPlan): MillraceError {
  return new MillraceError(
    'SinkIncomplete',
    `${path} was not written: the run needed no more rows before all of them had come to it. Write the rows behind what stops them (an empty side of a join), or in a flow of their own`,
  )
}
