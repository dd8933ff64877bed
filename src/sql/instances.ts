import { rmdirSync, rmSync } from 'node:fs'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { systemClock } from '../base/clock.js'
import type { DuckDB } from './engine.js'

/** DuckDB needs some to start with, however little the run has. */
const MEMORY_BYTES_MIN = 32 * 1024 * 1024

export interface InstanceOptions {
  readonly memoryBytes: number
  /** Undefined: all of the machine. */
  readonly threads: number | undefined
  /** Where it puts what has no room; undefined: nowhere. */
  readonly folder: string | undefined
  readonly spillBytes: number
}

/** A DuckDB in memory, and the connection of the one statement that has it. */
export interface Lease {
  readonly kept: Kept
  readonly connection: DuckDBConnection
}

/** One that is kept, and what it was told last. */
interface Kept {
  readonly instance: DuckDBInstance
  memoryText?: string
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
  const lease = kept && (await leaseOf(kept, options).catch(() => kept.instance.closeSync()))
  if (lease) return lease
  const config = { errors_as_json: 'true', ...(threads === undefined ? {} : { threads: String(threads) }) }
  const instance = await engine.DuckDBInstance.create(':memory:', config)
  try {
    return await leaseOf({ instance }, options)
  } catch (error) {
    instance.closeSync()
    throw error
  }
}

async function leaseOf(kept: Kept, { memoryBytes, folder, spillBytes }: InstanceOptions): Promise<Lease> {
  const connection = await kept.instance.connect()
  const memoryText = `SET memory_limit = '${bytesText(Math.max(MEMORY_BYTES_MIN, memoryBytes))}';`
  const folderText = `SET temp_directory = '${(folder ?? '').replaceAll("'", "''")}';`
  const roomText = folder === undefined ? '' : `SET max_temp_directory_size = '${bytesText(spillBytes)}';`
  await connection.run(`${memoryText === kept.memoryText ? '' : memoryText}${folderText}${roomText}`)
  kept.memoryText = memoryText
  return { kept, connection }
}

/** Of a statement that has ended, and whose connection is closed: its tables went with that. */
export function giveBack({ kept }: Lease, { threads, folder }: InstanceOptions): void {
  // Only an empty folder goes so: the statement had room.
  const hasSpilled = folder !== undefined && !removed(folder)
  if (hasSpilled || idle.has(threads)) kept.instance.closeSync()
  else {
    idle.set(threads, kept)
    kept.stop = systemClock.schedule(() => {
      idle.delete(threads)
      kept.instance.closeSync()
    }, IDLE_MS)
  }
  if (hasSpilled) removeFolder(folder)
}

function removed(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}

/** Of a statement that failed, however it did. */
export function discard({ kept }: Lease, { folder }: InstanceOptions): void {
  kept.instance.closeSync()
  removeFolder(folder)
}

export function removeFolder(folder: string | undefined): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}

function bytesText(bytes: number): string {
  return `${Math.floor(bytes / 1024)}KiB`
}
