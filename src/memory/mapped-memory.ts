import { closeSync, fstatSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'
import { MillraceError, ProtocolError } from '../base/errors.js'

/** Where another process of the same user finds a segment: plain data. */
export interface SegmentAddress {
  readonly pid: number
  readonly fd: number
  readonly sizeBytes: number
}

/** Memory that processes share, as one of them sees it. */
export interface MappedSegment {
  readonly segment: ArrayBuffer
  /** Afterwards any use of a view of it ends the process: to be called when there is none. */
  unmap(): void
  /** Unmaps it some time after the last view of it is gone. */
  unmapWhenUnused(): void
}

/** A segment of this process's own making. */
export interface OwnSegment extends MappedSegment {
  readonly address: SegmentAddress
  /** Afterwards nobody else can open it; who has opened it keeps it. */
  closeDescriptor(): void
}

/** What of the system's library is called. Negative: it failed. */
export interface Libc {
  memfdCreate(name: string, flags: number): number
  ftruncate(fd: number, sizeBytes: number): number
  fcntl(fd: number, command: number, argument: number): number
  /** Undefined where it failed. */
  map(sizeBytes: number, fd: number): { readonly address: unknown; readonly buffer: ArrayBuffer } | undefined
  unmap(address: unknown, sizeBytes: number): number
  errno(): number
}

const MFD_CLOEXEC = 1
const MFD_ALLOW_SEALING = 2
const F_ADD_SEALS = 1033
const F_GET_SEALS = 1034
/** Neither the seals nor the size change any more; a file that shrinks would end whoever reads beyond its end. */
const F_SEAL_SEAL = 1
const F_SEAL_SHRINK = 2
const F_SEAL_GROW = 4
const SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW

const unused = new FinalizationRegistry<() => void>((unmap) => unmap())

/** Makes memory that processes share: files without a name, which go with the last process that has them open. */
export class Mapper {
  constructor(private readonly libc: Libc) {}

  /** Throws `OutOfMemory`. */
  create(sizeBytes: number): OwnSegment {
    const { libc } = this
    const fd = libc.memfdCreate('millrace', MFD_CLOEXEC | MFD_ALLOW_SEALING)
    if (fd < 0) throw this.failed('memfd_create', sizeBytes)
    try {
      if (libc.ftruncate(fd, sizeBytes) < 0) throw this.failed('ftruncate', sizeBytes)
      if (libc.fcntl(fd, F_ADD_SEALS, SEALS) < 0) throw this.failed('fcntl', sizeBytes)
      const mapped = this.map(fd, sizeBytes)
      return { ...mapped, address: { pid: process.pid, fd, sizeBytes }, closeDescriptor: once(() => closeSync(fd)) }
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** Throws `OutOfMemory`, `ProtocolError` where it is not what it should be, or what the system says where it is not there. */
  open({ pid, fd, sizeBytes }: SegmentAddress): MappedSegment {
    const own = openSync(`/proc/${pid}/fd/${fd}`, 'r+')
    try {
      const { size } = fstatSync(own)
      if (size !== sizeBytes) throw new ProtocolError(`a segment of ${size} bytes where ${sizeBytes} were expected`)
      if ((this.libc.fcntl(own, F_GET_SEALS, 0) & SEALS) !== SEALS) throw new ProtocolError('a segment that is not sealed')
      return this.map(own, sizeBytes)
    } finally {
      closeSync(own)
    }
  }

  private map(fd: number, sizeBytes: number): MappedSegment {
    const mapped = this.libc.map(sizeBytes, fd)
    if (mapped === undefined) throw this.failed('mmap', sizeBytes)
    const { address, buffer } = mapped
    const unmap = once(() => void this.libc.unmap(address, sizeBytes))
    return { segment: buffer, unmap, unmapWhenUnused: () => unused.register(buffer, unmap) }
  }

  private failed(call: string, sizeBytes: number): MillraceError {
    const errno = this.libc.errno()
    const what = errno > 0 ? getSystemErrorName(-errno) : 'an unknown error'
    const cure = 'use fewer workers or smaller rings, raise the limits, or set MILLRACE_TRANSPORT=socket'
    return new MillraceError('OutOfMemory', `${call} of a segment of ${sizeBytes} bytes that processes share: ${what}; ${cure}`)
  }
}

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}

/** What of koffi is used; it is an optional dependency, so its types may not be there. */
interface Koffi {
  load(name: string): { func(declaration: string): (...values: unknown[]) => never }
  view(pointer: unknown, sizeBytes: number): ArrayBuffer
  errno(): number
}

const PROT_READ_WRITE = 3
const MAP_SHARED = 1

/** The system's library, where there is a way to call it; otherwise why not. */
export function loadLibc(): Libc | string {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `it is tried on Linux x64 alone, and this is ${process.platform} ${process.arch}`
  try {
    const koffi: Koffi = createRequire(import.meta.url)('koffi')
    return libcOf(koffi)
  } catch (error) {
    return `koffi, an optional dependency, does not load: ${(error as Error).message.split('\n', 1)[0]}`
  }
}

function libcOf(koffi: Koffi): Libc {
  const library = koffi.load('libc.so.6')
  const mmap = library.func('void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)')
  // As a number MAP_FAILED is -1.
  const isFailed = (address: unknown) => address === null || BigInt.asIntN(64, BigInt(address as bigint)) === -1n
  return {
    memfdCreate: library.func('int memfd_create(const char *name, unsigned int flags)'),
    ftruncate: library.func('int ftruncate(int fd, int64_t length)'),
    fcntl: library.func('int fcntl(int fd, int command, int argument)'),
    map: (sizeBytes, fd) => {
      const address: unknown = mmap(null, sizeBytes, PROT_READ_WRITE, MAP_SHARED, fd, 0)
      return isFailed(address) ? undefined : { address, buffer: koffi.view(address, sizeBytes) }
    },
    unmap: library.func('int munmap(void *addr, size_t length)'),
    errno: () => koffi.errno(),
  }
}
