import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** Gives the tests of one file a folder for temporary files that no other file uses at the same time. It is gone after them. */
export function useOwnTemporaryFolder(): string {
  const { TMPDIR } = process.env
  const folder = mkdtempSync(join(tmpdir(), 'mr-'))
  process.env.TMPDIR = folder
  after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}
