import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { createSpillFolder } from '../../src/exchange/spill-folder.js'
import { folderPrefix, isStale } from '../../src/exchange/spill-owner.js'
import { sweepSpillFolders } from '../../src/exchange/spill-sweep.js'
import { message } from '../support/test-source.js'

const base = mkdtempSync(join(tmpdir(), 'millrace-test-'))
after(() => rmSync(base, { recursive: true, force: true }))

/** The pid of a process that has ended. */
const DEAD = spawnSync(process.execPath, ['-e', '']).pid

/** What this process holds open that was at a path; undefined where nothing is, or where the system does not say. */
function openAt(path: string): Stats | undefined {
  const folder = '/proc/self/fd'
  const held = existsSync(folder) ? readdirSync(folder) : []
  const found = held.find((descriptor) => linkOf(join(folder, descriptor)) === `${path} (deleted)`)
  return found === undefined ? undefined : statSync(join(folder, found))
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined // It was that of the listing itself.
  }
}

function named(pid: number | string, more: { start?: string; space?: string; end?: string } = {}): string {
  const [, , , start, space] = folderPrefix().split('-')
  return `millrace-spill-${pid}-${more.start ?? start}-${more.space ?? space}-${more.end ?? 'AbC123'}`
}

test('a spill file keeps its bytes and has no name, nor has its folder, while it is open', () => {
  const file = createSpillFolder(base).open()
  assert.deepEqual(readdirSync(base), [])
  assert.equal(existsSync(file.path), false)
  const bytes = message(300_000)
  file.write(bytes, 0)
  file.write(message(10, 5), 100)
  bytes.set(message(10, 5), 100)
  const read = new Uint8Array(299_990)
  file.read(read, 10)
  assert.deepEqual(read, bytes.subarray(10))
  assert.throws(() => file.read(new Uint8Array(11), 299_990), /ends at 300000, 1 bytes early/)
  file.close()
  assert.deepEqual(readdirSync(base), [])
})

test('nobody else may open the file, and no name leads to it', () => {
  const umask = process.umask(0)
  try {
    const file = createSpillFolder(base).open()
    const found = openAt(file.path)
    if (found !== undefined) assert.deepEqual([found.mode & 0o777, found.nlink], [0o600, 0])
    file.close()
    assert.equal(openAt(file.path), undefined)
  } finally {
    process.umask(umask)
  }
})

test('a folder that is missing, or may not be written to, throws what the system says and leaves nothing', () => {
  assert.throws(() => createSpillFolder(join(base, 'missing')).open(), { code: 'ENOENT' })
  const locked = join(base, 'locked')
  mkdirSync(locked)
  chmodSync(locked, 0o500)
  if (process.getuid?.() !== 0) assert.throws(() => createSpillFolder(locked).open(), { code: 'EACCES' })
  chmodSync(locked, 0o700)
  assert.deepEqual(readdirSync(locked), [])
  rmSync(locked, { recursive: true })
})

test('what a process that died left is removed with all in it; what lives, is not sure, or is not ours stays', async () => {
  const gone = [named(DEAD), named(DEAD, { end: 'zzzzzz' })]
  const stays = [
    named(process.pid),
    named(DEAD, { space: '00000000' }),
    named('0'),
    named('99999999999'),
    named(DEAD, { end: 'AbC1234' }),
    `x${named(DEAD)}`,
    'millrace-spill-1',
    'rows',
  ]
  for (const name of [...gone, ...stays]) {
    mkdirSync(join(base, name))
    writeFileSync(join(base, name, 'rows'), 'left by a crash')
  }
  const target = join(base, 'target')
  mkdirSync(target)
  symlinkSync(target, join(base, named(DEAD, { end: 'linked' })))
  writeFileSync(join(base, named(DEAD, { end: 'afile0' })), '')
  await sweepSpillFolders(base)
  assert.deepEqual(readdirSync(base).sort(), [...stays, named(DEAD, { end: 'linked' }), named(DEAD, { end: 'afile0' }), 'target'].sort())
  for (const name of readdirSync(base)) rmSync(join(base, name), { recursive: true })
})

test('a pid in use again is told by when its process started, where the system knows', () => {
  const knows = folderPrefix().split('-')[3] !== '0'
  assert.equal(isStale(named(process.pid, { start: '1' })), knows)
  assert.equal(isStale(named(process.pid, { start: '0' })), false)
  assert.equal(isStale(named(DEAD, { start: '0' })), true)
})

test('to sweep a folder that cannot be listed does nothing', async () => {
  await sweepSpillFolders(join(base, 'missing'))
})
