import { mkdir, readdir, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MillraceError } from '../../base/errors.js'
import type { SinkPlan } from '../sink-plan.js'
import { sinkError } from './sink-error.js'
import { isLeftover, isPart, isTemporaryOf, MANIFEST_NAME, targetOf, UNFINISHED_NAME } from './sink-names.js'

/** A folder that was made, and the topmost of those that were made for it. */
interface Made {
  readonly folder: string
  readonly top: string
}

/** The folders that the sinks of one run write to: made, looked at, and cleaned up. */
export class SinkFolders {
  readonly #made: Made[] = []

  constructor(
    private readonly sinks: readonly SinkPlan[],
    private readonly cwd: string,
    private readonly mark: string,
  ) {}

  /**
   * Before the run: makes the folders, removes what processes that are gone left there.
   * Throws `InvalidArgument` for two sinks of one path, `SinkExists`, `SinkWrite`.
   */
  async prepare(): Promise<void> {
    const paths = new Set<string>()
    for (const sink of this.sinks) {
      const { folder, name } = targetOf(sink, this.cwd)
      const path = join(folder, name ?? '')
      if (paths.has(path))
        throw new MillraceError('InvalidArgument', `two sinks of the flow write to ${sink.path}: give each a path of its own`)
      paths.add(path)
      try {
        await this.#makeFolder(folder)
        await removeFiles(folder, isLeftover)
        // Who goes on where a run was cut off looks for himself.
        if (sink.parts?.resume === undefined) await (name === undefined ? refuseParts(sink, folder) : refuseOthers(sink, path))
      } catch (error) {
        throw sinkError('write to', sink.path, error)
      }
    }
  }

  /** Removes the temporary files of the run, and the folders that it made if nothing is in them. Never rejects. */
  async clean(): Promise<void> {
    for (const sink of this.sinks) {
      const { folder } = targetOf(sink, this.cwd)
      await removeFiles(folder, (name) => isTemporaryOf(name, this.mark)).catch(() => {})
    }
    for (const { folder, top } of this.#made.reverse()) await removeEmpty(folder, top).catch(() => {})
  }

  async #makeFolder(folder: string): Promise<void> {
    const top = await mkdir(folder, { recursive: true })
    if (top !== undefined) this.#made.push({ folder, top })
  }
}

/** Throws `SinkExists` where a folder has parts, other than `own`, that may not be replaced. */
export async function refuseParts(sink: SinkPlan, folder: string, own: ReadonlySet<string> = new Set()): Promise<void> {
  if (sink.parts?.overwrite === true) return
  const isOther = (name: string): boolean => name === MANIFEST_NAME || (isPart(name, sink.kind) && !own.has(name))
  const isUnfinished = (name: string): boolean => name === UNFINISHED_NAME && sink.parts?.resume === undefined
  const found = (await readdir(folder)).find((name) => isOther(name) || isUnfinished(name))
  if (found === undefined) return
  const goOn = found === UNFINISHED_NAME ? 'give resume: true, which goes on with it, ' : ''
  throw new MillraceError(
    'SinkExists',
    `${sink.path} has ${found} already: ${goOn}name another folder, or give overwrite: true, which replaces the parts at the end of the run`,
  )
}

/** A rename would put the file in the place of whatever is there. */
async function refuseOthers(sink: SinkPlan, path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there === undefined || there.isFile()) return
  const problem = there.isDirectory() ? `is a folder: end it with / to write parts into it` : 'is no regular file'
  throw Object.assign(new MillraceError('SinkWrite', `${sink.path} ${problem}`), { file: sink.path })
}

async function removeFiles(folder: string, isUnwanted: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder)) if (isUnwanted(name)) await unlink(join(folder, name))
}

async function removeEmpty(folder: string, top: string): Promise<void> {
  for (let path = folder; path.length >= top.length; path = dirname(path)) await rmdir(path)
}
