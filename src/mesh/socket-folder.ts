import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MillraceError } from '../base/errors.js'
import { LEADER } from '../base/ids.js'
import { startFailed } from './start-failed.js'

/** What fits the address of a Unix socket on every system, with the zero at its end. */
const PATH_BYTES_MAX = 103

/** Where the socket of a member lies. */
export function socketPath(folder: string, member: number): string {
  return join(folder, `${member}.sock`)
}

/** A new folder for the sockets of a pool, which nobody else may look into. Throws `InvalidArgument`, `StartFailed`. */
export function createSocketFolder(parent: string = tmpdir()): string {
  const folder = makeFolder(join(parent, 'millrace-'))
  const longest = Buffer.byteLength(socketPath(folder, 0xffff))
  if (longest <= PATH_BYTES_MAX) return folder
  rmSync(folder, { recursive: true })
  throw new MillraceError(
    'InvalidArgument',
    `a socket in ${parent} would have a path of ${longest} bytes, and ${PATH_BYTES_MAX} are possible: set TMPDIR to a shorter one`,
  )
}

function makeFolder(prefix: string): string {
  try {
    return mkdtempSync(prefix)
  } catch (error) {
    throw startFailed('the folder for the sockets of a pool could not be made', error as NodeJS.ErrnoException)
  }
}

/**
 * Removes what pools left that were killed with all their workers: folders in which nobody listens any more. Those of other users stay, as
 * do those in which nobody listens yet.
 */
export async function sweepSocketFolders(parent: string = tmpdir()): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  const folders = names.filter((name) => /^millrace-\w{6}$/.test(name)).map((name) => join(parent, name))
  await Promise.all(
    folders.map(async (folder) => (await isDeserted(folder)) && rm(folder, { recursive: true, force: true }).catch(() => {})),
  )
}

function isDeserted(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(folder, LEADER))
    socket.unref()
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}
