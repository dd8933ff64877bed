import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'

const MARK = /^(\d+)-(\d+)-([0-9a-f]{8})$/
const NAME = /^millrace-spill-(\d+-\d+-[0-9a-f]{8})-[A-Za-z0-9]{6}$/

let own: string | undefined

/** This process, as part of a name: `<pid>-<when it started>-<where its pid counts>`. */
export function ownerMark(): string {
  own ??= `${process.pid}-${startOf(process.pid) ?? 0}-${pidSpace()}`
  return own
}

/**
 * Whether the process of such a mark is surely gone. A pid that is in use again is told apart by when the process started, where the
 * system says so (Linux); a pid of another machine or container is never judged.
 */
export function isOwnerGone(mark: string): boolean {
  const [, pid, start, space] = MARK.exec(mark) ?? []
  if (pid === undefined || space !== pidSpace() || !isPid(Number(pid))) return false
  if (!isAlive(Number(pid))) return true
  const startNow = startOf(Number(pid))
  return start !== '0' && startNow !== undefined && startNow !== start
}

/** How the name of a private folder begins: `millrace-spill-<mark of its owner>-`. */
export function folderPrefix(): string {
  return `millrace-spill-${ownerMark()}-`
}

/** Whether a name is that of a private folder whose process is surely gone. */
export function isStale(name: string): boolean {
  const mark = NAME.exec(name)?.[1]
  return mark !== undefined && isOwnerGone(mark)
}

function isPid(pid: number): boolean {
  return pid > 0 && pid <= 0x7fff_ffff
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** When a process started, in ticks since the machine did; undefined where it cannot be known. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is a name in brackets that may hold anything; the start is the twentieth behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    // No /proc here, or the process has just gone.
    return undefined
  }
}

/** Stands for the machine and, on Linux, the container among whose processes a pid means something. */
function pidSpace(): string {
  let space = ''
  try {
    space = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Not Linux.
  }
  return fingerprint(`${hostname()} ${space}`)
}

/** Eight hexadecimal digits: FNV-1a of 32 bits (Fowler, Noll, Vo). */
function fingerprint(text: string): string {
  let hash = 0x811c_9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x0100_0193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
