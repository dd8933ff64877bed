import type { SpillFile, SpillFolder } from '../../src/exchange/spill-folder.js'

export type DiskCall = 'open' | 'write' | 'read'

/** The error that the system throws. */
function diskError(code: string, call: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: as if ${call} failed`), { code, syscall: call })
}

/** A disk in memory that fails when it is told to. */
export class FakeFolder implements SpillFolder {
  readonly path = '/fake'
  readonly files = new Set<FakeFile>()
  readonly calls: Record<DiskCall, number> = { open: 0, write: 0, read: 0 }
  private plan: { call: DiskCall; after: number; code: string } | undefined

  /** The next such call fails, after so many that do not. */
  failOn(call: DiskCall, code: string, after = 0): void {
    this.plan = { call, after: this.calls[call] + after, code }
  }

  open(): SpillFile {
    this.called('open')
    const file = new FakeFile(this, `${this.path}/${this.calls.open}`)
    this.files.add(file)
    return file
  }

  get openFiles(): number {
    return this.files.size
  }

  called(call: DiskCall): void {
    const { plan } = this
    if (plan?.call === call && this.calls[call] === plan.after) throw diskError(plan.code, call)
    this.calls[call]++
  }
}

class FakeFile implements SpillFile {
  private bytes = new Uint8Array(1024)

  constructor(
    private readonly folder: FakeFolder,
    readonly path: string,
  ) {}

  write(bytes: Uint8Array, position: number): void {
    this.folder.called('write')
    const end = position + bytes.length
    if (end > this.bytes.length) {
      const grown = new Uint8Array(2 * end)
      grown.set(this.bytes)
      this.bytes = grown
    }
    this.bytes.set(bytes, position)
  }

  read(into: Uint8Array, position: number): void {
    this.folder.called('read')
    into.set(this.bytes.subarray(position, position + into.length))
  }

  close(): void {
    this.folder.files.delete(this)
  }
}
