import type { SinkDisk, SinkFile } from '../../src/flow/sinks/sink-disk.js'

/** A disk in memory that fails when it is told to. */
export class FakeDisk implements SinkDisk {
  /** Text of files by path. */
  readonly files = new Map<string, string>()
  readonly open = new Set<string>()
  #plan: { call: string; code: string; after: number } | undefined

  /** The next such call fails, after so many that do not. */
  failOn(call: 'create' | 'write' | 'close', code: string, after = 0): this {
    this.#plan = { call, code, after }
    return this
  }

  create(path: string): SinkFile {
    this.#called('create')
    this.open.add(path)
    this.files.set(path, '')
    return {
      write: (bytes) => {
        this.#called('write')
        this.files.set(path, this.files.get(path) + Buffer.from(bytes).toString())
      },
      close: () => {
        this.open.delete(path)
        this.#called('close')
      },
    }
  }

  #called(call: string): void {
    const plan = this.#plan
    if (plan?.call !== call || plan.after-- > 0) return
    this.#plan = undefined
    throw Object.assign(new Error(`${plan.code}: as if ${call} failed`), { code: plan.code, syscall: call })
  }
}
