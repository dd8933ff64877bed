import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Clock, systemClock } from '../base/clock.js'
import { decodeError } from '../stream/error-payload.js'
import { LIFELINE } from './lifeline.js'
import type { WorkerHost } from './pool-worker.js'
import type { ProcessBirthData, ProcessReply } from './process-birth-data.js'
import type { SetupMessage, SetupReply } from './setup.js'
import { startFailed } from './start-failed.js'
import type { ThreadOptions } from './thread-host.js'
import type { Wire } from './wire.js'

export interface ProcessEvents {
  replied(reply: SetupReply): void
  exited(code: number | string, cause: unknown): void
}

/** How long a worker may live without its socket, in ms. */
const CUT_OFF_MS = 5000

/** Options of Node.js that concern one process only: what it evaluates, and the port at which it is inspected. */
const OWN_OPTION = /^(-e|-p|-pe|--eval|--print|--input-type|--inspect|--test|--watch)/
const TAKES_SCRIPT = /^(-e|-p|-pe|--eval|--print)$/

/** The options of this process that its workers have too. */
export function inheritedArguments(options: readonly string[] = process.execArgv): string[] {
  return options.filter((option, at) => !OWN_OPTION.test(option) && !TAKES_SCRIPT.test(options[at - 1] ?? ''))
}

/** Heap limits, as options of Node.js. */
function limitArguments({ maxOldGenerationSizeMb, maxYoungGenerationSizeMb, stackSizeMb }: ThreadOptions['resourceLimits'] = {}): string[] {
  return [
    ...(maxOldGenerationSizeMb === undefined ? [] : [`--max-old-space-size=${Math.ceil(maxOldGenerationSizeMb)}`]),
    // Three semi-spaces make a young generation.
    ...(maxYoungGenerationSizeMb === undefined ? [] : [`--max-semi-space-size=${Math.max(1, Math.floor(maxYoungGenerationSizeMb / 3))}`]),
    ...(stackSizeMb === undefined ? [] : [`--stack-size=${Math.floor(stackSizeMb * 1024 * 0.9)}`]),
  ]
}

/**
 * Starts a worker in a process of its own. It is gone once it has exited, all that it said by its channel was heard and all that it sent by
 * `wire` has arrived.
 */
export function startProcess(
  bootstrap: URL,
  options: ThreadOptions | undefined,
  birth: Promise<ProcessBirthData>,
  wire: Wire,
  events: ProcessEvents,
): WorkerHost {
  const { env = process.env, execArgv, resourceLimits } = options ?? {}
  const child = fork(fileURLToPath(bootstrap), [], {
    env,
    execArgv: [...(execArgv ?? inheritedArguments()), ...limitArguments(resourceLimits)],
    serialization: 'advanced',
    // The last is the lifeline: it is held, and closes with this process.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
  })
  holdOpen(child)
  let cause: unknown
  const gone = goneOf(child, wire, (error) => {
    cause ??= error
  })
  child.on('message', (said) => {
    // What the user's own code says there is nothing to us.
    const reply = (typeof said === 'object' ? (said ?? {}) : {}) as ProcessReply
    if (reply.kind === 'dying') cause = decodeError(reply.error)
    else events.replied(reply)
  })
  endWhenCutOff(child, wire, systemClock)
  void gone.then((code) => events.exited(code, cause))
  // A pool holds the process open only while something is waited for.
  child.unref()
  child.channel?.unref()
  const send = (message: SetupMessage | ProcessBirthData) => {
    // To one that is gone, or going, nothing can be said.
    if (child.connected) child.send(message, () => {})
  }
  birth.then(send, (error) => {
    cause = error
    kill(child)
  })
  return {
    pid: child.pid,
    post: send,
    terminate: async () => {
      kill(child)
      await gone
    },
  }
}

/** Its lifeline neither keeps this process running, nor does it matter how it ends. One that never was has none. */
function holdOpen({ stdio }: { readonly stdio?: readonly unknown[] }): void {
  const lifeline = stdio?.[LIFELINE] as Socket | undefined
  lifeline?.on('error', () => {})
  lifeline?.unref()
}

/** For a process that never was Node.js would signal our own process group. */
function kill(child: ChildProcess): void {
  if (child.pid !== undefined) child.kill('SIGKILL')
}

/** A worker whose socket is closed has ended, or is about to; what holds it longer has nobody to work for. */
function endWhenCutOff(child: ChildProcess, wire: Wire, clock: Clock): void {
  wire.onLost(() => {
    const takeBack = clock.schedule(() => kill(child), CUT_OFF_MS)
    child.once('exit', takeBack)
  })
}

/** Resolves with its exit code or the signal that ended it. */
function goneOf(child: ChildProcess, wire: Wire, failed: (error: unknown) => void): Promise<number | string> {
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 0))
    child.once('error', (error) => {
      // It never was, or there is something that it could not be told.
      failed(child.pid === undefined ? startFailed('no process could be started', error) : error)
      if (child.pid === undefined) resolve('an error')
    })
  })
  const heard = new Promise<void>((resolve) => {
    if (child.pid === undefined) resolve()
    else child.once('disconnect', resolve)
  })
  return Promise.all([exited, heard]).then(async ([code]) => {
    if (!wire.isConnected) wire.lose()
    await new Promise<void>((resolve) => wire.onLost(resolve))
    return code
  })
}
