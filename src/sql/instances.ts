import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { systemClock } from '../base/clock.js'
import { folderPrefix } from '../exchange/spill-owner.js'
import type { DuckDB } from './engine.js'

/** DuckDB needs some to start with, however little the run has. */
const MEMORY_BYTES_MIN = 32 * 1024 * 1024

export interface InstanceOptions {
  readonly memoryBytes: number
  /** Undefined: all of the machine. */
  readonly threads: number | undefined
  /** Where it puts what has no room, in a folder of its own; undefined: nowhere. */
  readonly room: { readonly path: string; readonly limitBytes: number } | undefined
  /** It is in the thread that runs the flow, which nobody terminates. */
  readonly isLeader: boolean
}

/** A DuckDB in memory, and the connection of the one statement that has it. */
export interface Lease {
  readonly kept: Kept
  readonly connection: DuckDBConnection
}

/** One that is kept. */
interface Kept {
  readonly instance: DuckDBInstance
  /** What it was told last. */
  settings: readonly string[]
  folder?: string | undefined
  /** The folder is there as long as it; else only while a statement has it. */
  hasFolder: boolean
  /** For the next statement. */
  connection?: Promise<DuckDBConnection | undefined> | undefined
  /** Ends the wait for its end. */
  stop?: () => void
}

/** How long one waits for another statement. It may have files in its cache, up to the memory that it had. */
const IDLE_MS = 5000

/** Those of this thread that no statement has, by their threads. */
const idle = new Map<number | undefined, Kept>()

/** One that no other statement has: an idle one, or, 8 ms later, another; the first of a thread takes 30. */
export async function takeInstance(engine: DuckDB, options: InstanceOptions): Promise<Lease> {
  const { threads } = options
  const kept = idle.get(threads)
  idle.delete(threads)
  kept?.stop?.()
  // One that has been on disk cannot change to another folder.
  const lease = kept && (await leaseOf(kept, options).catch(() => end(kept)))
  if (lease) return lease
  const config = { errors_as_json: 'true', ...(threads === undefined ? {} : { threads: String(threads) }) }
  const instance = await engine.DuckDBInstance.create(':memory:', config)
  try {
    return await leaseOf({ instance, settings: [], hasFolder: false }, options)
  } catch (error) {
    instance.closeSync()
    throw error
  }
}

async function leaseOf(kept: Kept, options: InstanceOptions): Promise<Lease> {
  openFolder(kept, options)
  let connection: DuckDBConnection | undefined
  try {
    connection = (await kept.connection) ?? (await kept.instance.connect())
    kept.connection = undefined
    const settings = settingsOf(options, kept.folder)
    // To set the limit of memory again takes away what is cached, and costs the next statement 12 ms.
    const news = settings.filter((setting) => !kept.settings.includes(setting))
    if (news.length > 0) await connection.run(news.join(';'))
    kept.settings = settings
    // Beside the statement, so that the next one does not wait for it.
    kept.connection = kept.instance.connect().catch(() => undefined)
    return { kept, connection }
  } catch (error) {
    // As long as it is open the DuckDB lives on.
    connection?.closeSync()
    removeFolder(kept.folder)
    throw error
  }
}

/**
 * The one that it had before, where that may be: a DuckDB does not have to be told then. In the system's own folder it stays as long as its DuckDB,
 * for to make and to remove it takes up to a millisecond; not in one of the user's, nor that of a thread that may be terminated.
 */
function openFolder(kept: Kept, { room, isLeader }: InstanceOptions): void {
  const { folder: before, hasFolder } = kept
  if (before !== undefined && dirname(before) === room?.path) {
    if (hasFolder || isMade(before)) return
  } else if (hasFolder) removeFolder(before)
  kept.hasFolder = isLeader && room?.path === tmpdir()
  kept.folder = room && mkdtempSync(join(room.path, folderPrefix()))
}

/** False: somebody else has one of this name. */
function isMade(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 })
    return true
  } catch {
    return false
  }
}

function settingsOf({ memoryBytes, room }: InstanceOptions, folder: string | undefined): string[] {
  return [
    `SET memory_limit = '${bytesText(Math.max(MEMORY_BYTES_MIN, memoryBytes))}'`,
    `SET temp_directory = '${(folder ?? '').replaceAll("'", "''")}'`,
    ...(room === undefined ? [] : [`SET max_temp_directory_size = '${bytesText(room.limitBytes)}'`]),
  ]
}

/** Of a statement that has ended, and whose connection is closed: its tables went with that. */
export function giveBack({ kept }: Lease, { threads }: InstanceOptions): void {
  const { folder, hasFolder } = kept
  // What has been on disk cannot change to another folder.
  const hasSpilled = folder !== undefined && !isEmptied(folder, hasFolder)
  if (hasSpilled || idle.has(threads)) end(kept)
  else keep(kept, threads)
}

let isKeeping = false

function keep(kept: Kept, threads: number | undefined): void {
  if (!isKeeping) process.once('exit', removeFolders)
  isKeeping = true
  idle.set(threads, kept)
  kept.stop = systemClock.schedule(() => {
    idle.delete(threads)
    end(kept)
  }, IDLE_MS)
}

/** This thread ends before those that it keeps do. */
function removeFolders(): void {
  for (const { folder } of idle.values()) removeFolder(folder)
}

/** A connection is waited for: a DuckDB must not go while it is being made, and does not as long as it is open. */
function end({ instance, connection, folder }: Kept): void {
  removeFolder(folder)
  if (connection === undefined) instance.closeSync()
  else
    void connection.then((made) => {
      made?.closeSync()
      instance.closeSync()
    })
}

/** False: it holds something, the statement had no room. */
function isEmptied(folder: string, stays: boolean): boolean {
  try {
    if (stays) return readdirSync(folder).length === 0
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}

/** Of a statement that failed, however it did. */
export function discard({ kept }: Lease): void {
  end(kept)
}

function removeFolder(folder: string | undefined): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}

function bytesText(bytes: number): string {
  return `${Math.floor(bytes / 1024)}KiB`
}
