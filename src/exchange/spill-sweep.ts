import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { isStale } from './spill-owner.js'

/**
 * Removes the private folders that processes left below `base` when they died while they opened a spill file. It never rejects: what
 * cannot be listed or removed stays for another time, or for whoever it belongs to.
 */
export async function sweepSpillFolders(base: string): Promise<void> {
  const names = await readdir(base).catch(() => [])
  for (const name of names) if (isStale(name)) await removeOwn(join(base, name)).catch(() => {})
}

async function removeOwn(path: string): Promise<void> {
  const found = await lstat(path)
  if (found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid)) await rm(path, { recursive: true, force: true })
}
