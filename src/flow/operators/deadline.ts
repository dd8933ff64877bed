import { Script } from 'node:vm'
import { MillraceError } from '../../base/errors.js'

const WORK_NAME = 'millrace.work'
const WORK: unique symbol = Symbol.for(WORK_NAME)
const globals = globalThis as { [WORK]?: (() => void) | undefined }
/** Node.js ends a script that takes too long, and what it calls, wherever it is. */
const SCRIPT_TIMEOUT = 'ERR_SCRIPT_EXECUTION_TIMEOUT'

/** How long one call of a stage function may take; a loop without end is interrupted too. */
export class Deadline {
  readonly timeoutMs: number
  readonly #stage: string
  #script: Script | undefined

  constructor(timeoutMs: number, stage: string) {
    this.timeoutMs = timeoutMs
    this.#stage = stage
  }

  /** The same function, which throws `StageTimeout` where a call takes longer. */
  limit<A extends unknown[], T>(fn: (...args: A) => T): (...args: A) => T {
    return (...args) => this.#run(() => fn(...args))
  }

  error(): MillraceError {
    return new MillraceError(
      'StageTimeout',
      `stage "${this.#stage}" took longer than its timeoutMs of ${this.timeoutMs} for one call: raise it, or leave such rows out with onError`,
    )
  }

  #run<T>(work: () => T): T {
    this.#script ??= new Script(`globalThis[Symbol.for('${WORK_NAME}')]()`)
    const done: { readonly value: T }[] = []
    globals[WORK] = () => {
      done.push({ value: work() })
    }
    try {
      this.#script.runInThisContext({ timeout: this.timeoutMs })
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== SCRIPT_TIMEOUT) throw error
      if (done.length === 0) throw this.error()
    } finally {
      globals[WORK] = undefined
    }
    return (done[0] as { readonly value: T }).value
  }
}
