import { open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SinkPlan } from '../sink-plan.js'
import { syncFile, syncFolder } from './disk-sync.js'
import type { WrittenFile } from './part-writer.js'
import { sinkError } from './sink-error.js'
import { refuseParts } from './sink-folders.js'
import { isPart, MANIFEST_NAME, shownName, targetOf, temporaryName, UNFINISHED_NAME, writtenName } from './sink-names.js'

/** A file that is to get its name, or has it. */
export interface NamedFile extends WrittenFile {
  /** On the disk already. */
  readonly isKept?: boolean
  /** Under its name already. */
  readonly placed?: boolean
}

/** A sink and all its files. */
export interface WrittenSink {
  readonly sink: SinkPlan
  readonly files: readonly NamedFile[]
}

/** Files brought to the disk at once: as many as the system has threads for. */
const SYNCED_TOGETHER = 4

/**
 * Gives the files of a run their names: all are on the disk before the first is renamed. Parts come before single files, and the manifests of
 * folders last, after `placed`. Throws `SinkExists`, `SinkWrite`, whose message says what is in its place already.
 */
export async function commitSinks(
  written: readonly WrittenSink[],
  { cwd, mark, placed }: { readonly cwd: string; readonly mark: string; readonly placed: () => Promise<void> },
): Promise<void> {
  const folders = written.filter(({ sink }) => sink.parts !== undefined)
  const files = written.filter(({ sink }) => sink.parts === undefined)
  const done: string[] = []
  const commit = { cwd, mark, done }
  await syncAll(
    written.flatMap(({ sink, files }) => files.filter(({ isKept }) => isKept !== true).map(({ name }) => ({ sink, name }))),
    commit,
  )
  for (const { sink, files } of folders) await refuseParts(sink, targetOf(sink, cwd).folder, namesOf(files.filter(({ placed }) => placed)))
  for (const folder of folders) await replaceParts(folder, commit)
  for (const {
    sink,
    files: [file],
  } of files)
    await renameFile(sink, file.name, commit)
  await placed()
  for (const folder of folders) await writeManifest(folder, commit)
  for (const { sink } of written) await syncFolder(targetOf(sink, cwd).folder)
}

interface Commit {
  readonly cwd: string
  readonly mark: string
  /** What has its name already. */
  readonly done: string[]
}

async function syncAll(files: readonly { sink: SinkPlan; name: string }[], commit: Commit): Promise<void> {
  const left = files.values()
  const work = async (): Promise<void> => {
    for (const { sink, name } of left) {
      const path = join(targetOf(sink, commit.cwd).folder, writtenName(sink, name, commit.mark))
      await attempt('bring to the disk', shownName(sink, name), commit, () => syncFile(path))
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: SYNCED_TOGETHER }, work))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** The manifest goes first: it names the parts that go. */
async function replaceParts({ sink, files }: WrittenSink, commit: Commit): Promise<void> {
  const { folder } = targetOf(sink, commit.cwd)
  const named = namesOf(files)
  await attempt('replace what is in', sink.path, commit, async () => {
    await rm(join(folder, MANIFEST_NAME), { force: true })
    for (const name of await readdir(folder)) if (isPart(name, sink.kind) && !named.has(name)) await rm(join(folder, name))
    if (sink.parts?.resume === undefined) await rm(join(folder, UNFINISHED_NAME), { recursive: true, force: true })
  })
  for (const { name, placed } of files) if (placed !== true) await renameFile(sink, name, commit)
}

function namesOf(files: readonly NamedFile[]): ReadonlySet<string> {
  return new Set(files.map(({ name }) => name))
}

async function renameFile(sink: SinkPlan, name: string, commit: Commit): Promise<void> {
  await moveFile(sink, name, writtenName(sink, name, commit.mark), commit)
}

async function moveFile(sink: SinkPlan, name: string, from: string, commit: Commit): Promise<void> {
  const { folder } = targetOf(sink, commit.cwd)
  const shown = shownName(sink, name)
  await attempt('rename to', shown, commit, () => rename(join(folder, from), join(folder, name)))
  commit.done.push(shown)
}

async function writeManifest({ sink, files }: WrittenSink, commit: Commit): Promise<void> {
  const { folder } = targetOf(sink, commit.cwd)
  const sum = (of: 'rows' | 'bytes'): number => files.reduce((total, file) => total + file[of], 0)
  const parts = files.map(({ name, rows, bytes }) => ({ file: name, rows, bytes }))
  const manifest = { version: 1, format: sink.kind, rows: sum('rows'), bytes: sum('bytes'), parts }
  await attempt('write the manifest of', sink.path, commit, async () => {
    const file = await open(join(folder, temporaryName(MANIFEST_NAME, commit.mark)), 'wx')
    try {
      await file.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
  })
  await moveFile(sink, MANIFEST_NAME, temporaryName(MANIFEST_NAME, commit.mark), commit)
}

async function attempt(doing: string, shown: string, { done }: Commit, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    const there = done.length === 0 ? shown : `${shown} (${done.length} are in their place already, the last ${done[done.length - 1]})`
    throw sinkError(doing, there, cause)
  }
}
