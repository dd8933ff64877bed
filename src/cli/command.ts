import { type ExplainOrder, type Order, readArguments } from './arguments.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { failureText } from './failure.js'
import { loadFlow } from './load.js'
import { Output } from './output.js'
import { runFlow } from './run.js'
import type { Shell } from './shell.js'

/** Codes of errors that say that the command was used wrongly; all others are failures of the flow. */
const USAGE_CODES: ReadonlySet<unknown> = new Set([
  'FlowFileNotFound',
  'InvalidArgument',
  'NotAFlow',
  'ParamInvalid',
  'ParamUnknown',
  'TypeScriptUnsupported',
])

/** By code: the file may import another copy of this package, with errors of another class. */
function isUsage(error: unknown): boolean {
  return error instanceof Error && USAGE_CODES.has((error as { code?: unknown }).code)
}

async function explainFlow(order: ExplainOrder, shell: Shell): Promise<ExitCode> {
  const flow = await loadFlow(order.file)
  const text = await flow.explain()
  const output = new Output(shell.stdout)
  await output.write(text.endsWith('\n') ? text : `${text}\n`)
  await output.finish()
  return EXIT.ok
}

async function obey(order: Exclude<Order, { kind: 'leave' }>, shell: Shell): Promise<number> {
  try {
    return await (order.kind === 'run' ? runFlow(order, shell) : explainFlow(order, shell))
  } catch (error) {
    shell.stderr.write(failureText(error, order.debug))
    return isUsage(error) ? EXIT.usage : EXIT.failed
  }
}

/**
 * The command `millrace`: takes the arguments after the script's name, writes to the shell's streams and returns the exit code.
 * Never throws on what a user or a flow can do wrong.
 */
export async function command(argv: readonly string[], version: string, shell: Shell): Promise<number> {
  // When stderr has no reader any more there is nobody left to tell.
  const ignore = (): void => {}
  shell.stderr.on('error', ignore)
  try {
    const order = readArguments(argv, {
      version,
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
    })
    return order.kind === 'leave' ? order.exitCode : await obey(order, shell)
  } finally {
    shell.stderr.off('error', ignore)
  }
}
