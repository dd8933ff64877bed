import { mkdir, readdir, rmdir, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../../base/errors.js'
import { isOwnerGone } from '../../exchange/spill-owner.js'
import type { FileInputPlan, StagePlan } from '../plan.js'
import type { SinkPlan } from '../sink-plan.js'
import type { Resumed } from '../sources/enumerate.js'
import { type FoundFile, findFiles } from '../sources/find-files.js'
import { syncFile, syncFolder } from './disk-sync.js'
import { differences, fingerprint } from './fingerprint.js'
import type { WrittenFile } from './part-writer.js'
import { sinkError } from './sink-error.js'
import { refuseParts } from './sink-folders.js'
import { MANIFEST_NAME, numberOf, targetOf, UNFINISHED_NAME } from './sink-names.js'
import { type FinishedSplits, type RecordHead, readRecord, SplitRecord } from './split-record.js'

const RECORD_NAME = 'splits.jsonl'
const OWNER = /^owner-millrace-(\d+-\d+-[0-9a-f]{8})-[0-9a-f]{8}$/
/** So many are named in a message. */
const NAMED_MAX = 3

export interface UnfinishedOptions {
  readonly sink: SinkPlan
  readonly stage: StagePlan
  readonly cwd: string
  /** Of the run. */
  readonly mark: string
}

/** A part that is kept; `placed`: it has its name already. */
export interface KeptPart extends WrittenFile {
  readonly placed: boolean
}

/**
 * The folder `.unfinished` of a sink with `resume`, at the leader: the parts that are being written, and the record of those that are kept with the
 * splits that they hold. A part that the record does not name counts for nothing.
 */
export class Unfinished {
  readonly #options: UnfinishedOptions
  /** That of the sink, and the one in it. */
  readonly #target: string
  readonly #folder: string
  readonly #done = new Set<string>()
  readonly #parts: KeptPart[] = []
  #files: readonly FoundFile[] = []
  #record: SplitRecord | undefined
  #isOwned = false
  #queue: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  constructor(options: UnfinishedOptions) {
    this.#options = options
    this.#target = targetOf(options.sink, options.cwd).folder
    this.#folder = join(this.#target, UNFINISHED_NAME)
  }

  /** Of the source, once it is open. */
  get resumed(): Resumed {
    return { files: this.#files, done: this.#done }
  }

  get parts(): readonly KeptPart[] {
    return this.#parts
  }

  /** The greatest number that a part has. */
  get lastNumber(): number {
    return this.#parts.reduce((most, { name }) => Math.max(most, numberOf(name)), 0)
  }

  /**
   * Before the run, whose folder is there: finds out what an earlier one has kept. Throws `SinkResume` where that was another flow or over other
   * files, or is still going on; `SinkExists`; what finding files throws.
   */
  async open(): Promise<void> {
    const { sink, stage, cwd } = this.#options
    const files: FoundFile[] = []
    for await (const file of findFiles(stage.input as FileInputPlan, cwd)) files.push(file)
    this.#files = files
    await mkdir(this.#folder, { recursive: true })
    await this.#own()
    const head: RecordHead = { version: 1, plan: fingerprint(stage), files }
    const path = join(this.#folder, RECORD_NAME)
    const read = await readRecord(path)
    if (read === undefined || (read.isComplete && (await sizeOf(join(this.#target, MANIFEST_NAME))) !== undefined)) {
      await refuseParts(sink, this.#target)
      await this.#tidy()
      this.#record = await SplitRecord.create(path, head)
      return
    }
    this.#refuseOther(read.head, head)
    for (const finished of read.finished) await this.#recall(finished)
    await refuseParts(sink, this.#target, new Set(this.#parts.filter(({ placed }) => placed).map(({ name }) => name)))
    this.#record = await SplitRecord.resume(path, read)
    await this.#tidy()
  }

  /** Keeps finished splits, with the parts that hold them. Throws what went wrong with those before. */
  keep(finished: FinishedSplits): void {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#queue = this.#queue.then(() => this.#keep(finished))
  }

  /** Resolves when all that was to be kept is. Throws `SinkWrite`. */
  async kept(): Promise<void> {
    await this.#queue
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** All parts have their names: the manifest may come. */
  async complete(): Promise<void> {
    await this.#record?.complete()
  }

  /** At the end of the run: leaves what is kept if it is not `isComplete`, and nothing else. Never rejects. */
  async close(isComplete: boolean): Promise<void> {
    await this.#queue
    if (!this.#isOwned) return
    if (this.#record !== undefined) await this.#leave(this.#record, isComplete).catch(() => {})
    await unlink(join(this.#folder, this.#owner)).catch(() => {})
    await rmdir(this.#folder).catch(() => {})
  }

  /** What it cannot remove the next run does, which goes by the record. */
  async #leave(record: SplitRecord, isComplete: boolean): Promise<void> {
    await record.close()
    await this.#tidy()
    if (isComplete || this.#done.size === 0) await unlink(join(this.#folder, RECORD_NAME))
  }

  get #owner(): string {
    return `owner-${this.#options.mark}`
  }

  /** Of two that begin at once both see each other, and neither goes on. */
  async #own(): Promise<void> {
    this.#isOwned = true
    await writeFile(join(this.#folder, this.#owner), '')
    for (const name of await readdir(this.#folder)) {
      const mark = OWNER.exec(name)?.[1]
      if (mark === undefined || name === this.#owner) continue
      if (isOwnerGone(mark)) await unlink(join(this.#folder, name))
      else {
        await unlink(join(this.#folder, this.#owner))
        this.#isOwned = false
        throw this.#refusal(`is being written by another run; wait for its end, or, if it is gone, remove ${UNFINISHED_NAME}/${name} there`)
      }
    }
  }

  async #keep({ splits, parts }: FinishedSplits): Promise<void> {
    if (this.#failure !== undefined) return
    try {
      for (const { name } of parts) await syncFile(join(this.#folder, name))
      await syncFolder(this.#folder)
      await (this.#record as SplitRecord).add({ splits, parts })
      this.#add(
        { splits, parts },
        parts.map((part) => ({ ...part, placed: false })),
      )
    } catch (error) {
      this.#failure = { error: sinkError('keep what is finished of', this.#options.sink.path, error) }
    }
  }

  #add({ splits }: FinishedSplits, parts: readonly KeptPart[]): void {
    for (const split of splits) this.#done.add(split)
    this.#parts.push(...parts)
  }

  /** A part that is not here any more was given its name by a run that then was cut off. */
  async #recall(finished: FinishedSplits): Promise<void> {
    const parts: KeptPart[] = []
    for (const part of finished.parts) {
      const here = await sizeOf(join(this.#folder, part.name))
      const there = here === undefined ? await sizeOf(join(this.#target, part.name)) : undefined
      if ((here ?? there) !== part.bytes) throw this.#refusal(`has lost ${UNFINISHED_NAME}/${part.name}, or it was changed; ${this.#anew}`)
      parts.push({ ...part, placed: here === undefined })
    }
    this.#add(finished, parts)
  }

  #refuseOther(before: RecordHead, now: RecordHead): void {
    const steps = differences(before.plan, now.plan)
    if (steps.length > 0)
      throw this.#refusal(
        `holds what another flow has not finished: ${shown(steps)} ${steps.length === 1 ? 'has' : 'have'} changed; run that one to its end, or ${this.#anew}`,
      )
    const files = changesOf(before.files, now.files)
    if (files.length > 0)
      throw this.#refusal(
        `holds what was begun over other files: ${shown(files)}; bring back those that it was begun with, or ${this.#anew}`,
      )
  }

  get #anew(): string {
    return `remove ${this.#options.sink.path}${UNFINISHED_NAME}, which begins anew`
  }

  #refusal(problem: string): MillraceError {
    return new MillraceError('SinkResume', `${this.#options.sink.path} ${problem}`)
  }

  /** Removes what is not kept. */
  async #tidy(): Promise<void> {
    const wanted = new Set([RECORD_NAME, this.#owner, ...this.#parts.map(({ name }) => name)])
    for (const name of await readdir(this.#folder)) if (!wanted.has(name)) await unlink(join(this.#folder, name))
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.size
}

/** What of the files is not as it was. */
function changesOf(before: readonly FoundFile[], now: readonly FoundFile[]): string[] {
  const left = new Map(before.map((file) => [file.path, file]))
  const changes: string[] = []
  for (const { path, sizeBytes, modifiedMs } of now) {
    const then = left.get(path)
    left.delete(path)
    if (then === undefined) changes.push(`${path} is new`)
    else if (then.sizeBytes !== sizeBytes || then.modifiedMs !== modifiedMs) changes.push(`${path} has changed`)
  }
  return [...changes, ...[...left.keys()].map((path) => `${path} is gone`)]
}

function shown(all: readonly string[]): string {
  const more = all.length > NAMED_MAX ? ` and ${all.length - NAMED_MAX} more` : ''
  return `${all.slice(0, NAMED_MAX).join(', ')}${more}`
}
