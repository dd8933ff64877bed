import { MillraceError } from '../base/errors.js'
import { loadLibc, Mapper, type OwnSegment, type SegmentAddress } from '../memory/mapped-memory.js'
import { MemberWords } from './member-words.js'

/** Members of a pool are numbered up to here, and one more. */
const MEMBERS = 0x1_0000

/** What carries frames between processes, and why it is this. */
export type Transport =
  | { readonly kind: 'socket'; readonly why: string }
  | { readonly kind: 'shm'; readonly why: string; readonly mapper: Mapper; readonly table: OwnSegment }

/**
 * `auto`, the default of MILLRACE_TRANSPORT: shared memory where it can be had, sockets elsewhere. Throws `InvalidArgument` where it says
 * something else, or `shm` where that cannot be had; then also `OutOfMemory`.
 */
export function chooseTransport(asked: string = process.env.MILLRACE_TRANSPORT ?? 'auto', load: typeof loadLibc = loadLibc): Transport {
  if (asked === 'socket') return { kind: 'socket', why: 'MILLRACE_TRANSPORT is socket' }
  if (asked !== 'auto' && asked !== 'shm') {
    throw new MillraceError('InvalidArgument', `MILLRACE_TRANSPORT is ${JSON.stringify(asked)}; it may be auto, shm or socket`)
  }
  const libc = load()
  if (typeof libc !== 'string') return shared(new Mapper(libc), asked)
  if (asked === 'auto') return { kind: 'socket', why: libc }
  throw new MillraceError('InvalidArgument', `MILLRACE_TRANSPORT is shm, which cannot be had: ${libc}`)
}

function shared(mapper: Mapper, asked: 'auto' | 'shm'): Transport {
  try {
    return { kind: 'shm', why: asked === 'shm' ? 'MILLRACE_TRANSPORT is shm' : 'koffi is there', mapper, table: createTable(mapper) }
  } catch (error) {
    if (asked === 'shm') throw error
    return { kind: 'socket', why: (error as Error).message }
  }
}

/** The words of all members: pages that nobody touches take no memory. They are looked at for as long as anybody turns its loop. */
function createTable(mapper: Mapper): OwnSegment {
  const table = mapper.create(MemberWords.tableBytes(MEMBERS))
  table.unmapWhenUnused()
  return table
}

/** The same in a worker. Throws `OutOfMemory`, `InvalidArgument`. */
export function openTable(address: SegmentAddress): { readonly mapper: Mapper; readonly segment: ArrayBuffer } {
  const libc = loadLibc()
  if (typeof libc === 'string') throw new MillraceError('InvalidArgument', `this worker cannot share memory with its leader: ${libc}`)
  const mapper = new Mapper(libc)
  return { mapper, segment: mapper.open(address).segment }
}
