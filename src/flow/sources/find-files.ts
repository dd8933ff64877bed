import * as fs from 'node:fs'
import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { glob } from 'tinyglobby'
import { MillraceError } from '../../base/errors.js'
import { ArrayRun, RunMerge } from '../operators/run-merge.js'
import type { FileInputPlan } from '../plan.js'
import { pacedReaddir } from './paced-readdir.js'

export interface FoundFile {
  readonly path: string
  readonly sizeBytes: number
  /** When it was written last, in ms. */
  readonly modifiedMs: number
}

/** Files looked at together: enough to keep the disk busy, few enough not to hold up this thread. */
const STAT_BATCH = 16
const SORT_RUN = 2048

/**
 * The files of a source, each once, sorted by path (UTF-16 code units). A pattern that begins with `!` takes files away.
 * A pattern that is the name of an existing file is that file, whatever wildcards it holds.
 *
 * @throws MillraceError `SourceMissing`, `SourceRead`
 */
export async function* findFiles(input: FileInputPlan, cwd: string): AsyncGenerator<FoundFile> {
  const paths = await matches(input, cwd)
  let batch: string[] = []
  for await (const path of sortedOnce(paths)) {
    batch.push(path)
    if (batch.length < STAT_BATCH) continue
    yield* await Promise.all(batch.map((each) => found(each, cwd)))
    batch = []
  }
  yield* await Promise.all(batch.map((each) => found(each, cwd)))
}

async function matches({ patterns, allowEmpty }: FileInputPlan, cwd: string): Promise<string[]> {
  const ignore = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
  const all: string[] = []
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) continue
    const paths = await matchesOf(pattern, ignore, cwd)
    if (paths.length === 0 && !allowEmpty) {
      throw new MillraceError(
        'SourceMissing',
        `no file matches ${JSON.stringify(pattern)} in ${cwd}: check the pattern, or allowEmpty: true`,
      )
    }
    for (const path of paths) all.push(path)
  }
  return all
}

async function matchesOf(pattern: string, ignore: string[], cwd: string): Promise<string[]> {
  if (await exists(resolve(cwd, pattern))) return [pattern]
  if (!/[*?[\]{}()!+@]/.test(pattern)) throw new MillraceError('SourceMissing', `file ${JSON.stringify(pattern)} does not exist in ${cwd}`)
  const readdir = pacedReaddir(fs.readdir) as typeof fs.readdir
  return glob(pattern, { cwd, ignore, absolute: isAbsolute(pattern), expandDirectories: false, fs: { ...fs, readdir } })
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    // Whatever keeps us from seeing it is told when it is read, or by the pattern that matches nothing.
    return false
  }
}

/** Sorts in short runs with a pause after each, so that many paths do not hold up this thread. */
async function* sortedOnce(paths: readonly string[]): AsyncGenerator<string> {
  const runs: string[][] = []
  for (let at = 0; at < paths.length; at += SORT_RUN) {
    runs.push(paths.slice(at, at + SORT_RUN).sort(byCodeUnit))
    await new Promise(setImmediate)
  }
  const merge = new RunMerge(
    runs.map((run) => new ArrayRun(run)),
    byCodeUnit,
  )
  let last: string | undefined
  for (let path = merge.pop(); path !== undefined; path = merge.pop()) {
    if (path !== last) yield path
    last = path
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

async function found(path: string, cwd: string): Promise<FoundFile> {
  const stats = await stat(resolve(cwd, path)).catch((error: unknown) => {
    throw new MillraceError('SourceRead', `${path}: ${(error as Error).message}`, { cause: error })
  })
  if (!stats.isFile())
    throw new MillraceError('SourceMissing', `${path} is not a regular file: name files, or a pattern such as ${path}/**/*`)
  return { path, sizeBytes: stats.size, modifiedMs: stats.mtimeMs }
}
