import { CancelledError } from '../base/errors.js'
import type { LogRecord } from '../flow/ctx.js'
import type { RunOrder } from './arguments.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { loadFlow, type RunnableFlow, type RunningFlow } from './load.js'
import { logLine } from './log-line.js'
import { Output } from './output.js'
import { printRows } from './print.js'
import { type Progress, showProgress } from './progress.js'
import type { Shell } from './shell.js'
import { watchStall } from './stall.js'
import { summaryLine } from './summary.js'

interface Started {
  readonly run: RunningFlow
  readonly progress: Progress
}

/** What stages log goes to stderr, a line each, above the progress. */
function start(flow: RunnableFlow, order: RunOrder, signal: AbortSignal, shell: Shell): Started {
  const limited = order.limit === undefined ? flow : flow.limit(order.limit)
  const onLog = (record: LogRecord): void => {
    progress.clear()
    shell.stderr.write(logLine(record))
  }
  const { workers, workerKind: kind } = order
  const chosen = { ...(workers !== undefined && { workers }), ...(kind !== undefined && { kind }) }
  const run = limited.run({ ...chosen, params: order.set, signal, onLog })
  const progress = order.quiet ? { clear() {}, stop() {} } : showProgress(shell, () => run.stats())
  return { run, progress }
}

/** Why a run was stopped before its rows were out: `interrupted` and `left` are not failures of the flow. */
type Ending = 'done' | 'left' | 'interrupted'

interface Prints {
  readonly order: RunOrder
  readonly shell: Shell
  readonly run: RunningFlow
  readonly progress: Progress
  readonly controller: AbortController
}

/** Prints the rows until they end, the reader of stdout leaves, or Ctrl-C is pressed. Throws what the flow or stdout threw. */
async function printUntilEnd({ order, shell, run, progress, controller }: Prints): Promise<Ending> {
  const isTerminal = shell.stdout.isTTY === true
  const output = new Output(shell.stdout, isTerminal ? progress.clear : undefined)
  let interrupted = false
  output.onClosed(() => controller.abort(new CancelledError('standard output was closed')))
  const release = shell.onInterrupt(() => {
    if (interrupted) return shell.exit(EXIT.interrupted)
    interrupted = true
    controller.abort(new CancelledError('interrupted by Ctrl-C'))
    output.abandon()
  })
  try {
    await printRows(run, order.format ?? (isTerminal ? 'table' : 'jsonl'), output, shell)
    await output.finish()
  } catch (error) {
    if (output.failure !== undefined) throw output.failure
    if (!output.closed) {
      await output.finish()
      throw error
    }
  } finally {
    await run[Symbol.asyncDispose]()
    release()
  }
  if (interrupted) return 'interrupted'
  return output.closed ? 'left' : 'done'
}

/** `millrace run`: rows to stdout, progress and summary to stderr. */
export async function runFlow(order: RunOrder, shell: Shell): Promise<ExitCode> {
  const flow = await loadFlow(order.file)
  const controller = new AbortController()
  const stall = await watchStall()
  const { run, progress } = start(flow, order, controller.signal, shell)
  let ending: Ending
  let stallMs: number
  try {
    ending = await printUntilEnd({ order, shell, run, progress, controller })
  } finally {
    progress.stop()
    stallMs = await stall.stop()
  }
  if (!order.quiet && ending !== 'left') {
    shell.stderr.write(`millrace: ${ending === 'interrupted' ? 'interrupted, ' : ''}${summaryLine({ ...run.stats(), stallMs })}\n`)
  }
  return ending === 'interrupted' ? EXIT.interrupted : EXIT.ok
}
