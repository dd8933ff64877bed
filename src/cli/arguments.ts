import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { EXIT, EXIT_HELP } from './exit-codes.js'

export type Format = 'table' | 'jsonl'

export interface RunOrder {
  readonly kind: 'run'
  readonly file: string
  readonly workers?: number
  /** Where they run: `kind` of a run. */
  readonly workerKind?: 'thread' | 'process'
  readonly limit?: number
  /** Parameters as text; the flow parses each by the type of its present value. */
  readonly set: Readonly<Record<string, string>>
  readonly format?: Format
  readonly quiet: boolean
  readonly debug: boolean
}

export interface ExplainOrder {
  readonly kind: 'explain'
  readonly file: string
  readonly debug: boolean
}

/** Nothing to do but to leave: help or version was printed, or the arguments were wrong and that was said. */
export interface LeaveOrder {
  readonly kind: 'leave'
  readonly exitCode: number
}

export type Order = RunOrder | ExplainOrder | LeaveOrder

export interface ArgumentContext {
  readonly version: string
  writeOut(text: string): unknown
  writeErr(text: string): unknown
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number, 0 or more.')
  return value
}

function setting(text: string, previous: Record<string, string>): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('It must read NAME=VALUE or STAGE.NAME=VALUE.')
  return { ...previous, [text.slice(0, equals)]: text.slice(equals + 1) }
}

/** As the command line calls them. */
type RunOptions = Omit<RunOrder, 'kind' | 'file' | 'workerKind'> & { readonly kind?: RunOrder['workerKind'] }

function runCommand(take: (order: Order) => void): Command {
  return new Command('run')
    .description('Run the flow that FILE exports by default.')
    .argument('<file>', 'JavaScript, or TypeScript where Node.js strips types')
    .option('-w, --workers <n>', 'workers to run on (default: chosen by the flow; 0: this thread)', wholeNumber)
    .addOption(new Option('-k, --kind <kind>', 'what workers are (default: thread)').choices(['thread', 'process']))
    .option('-n, --limit <n>', 'stop after this many rows', wholeNumber)
    .option('-s, --set <name=value>', 'set a parameter of the stages, or of one: stage.name=value; may be repeated', setting, {})
    .addOption(new Option('-f, --format <format>', 'default: table on a terminal, jsonl into a pipe').choices(['table', 'jsonl']))
    .option('-q, --quiet', 'no progress and no summary', false)
    .option('--debug', 'show stack traces', false)
    .action((file: string, { kind: workerKind, ...options }: RunOptions) =>
      take({ kind: 'run', file, ...(workerKind !== undefined && { workerKind }), ...options }),
    )
}

function explainCommand(take: (order: Order) => void): Command {
  return new Command('explain')
    .description('Print how the flow that FILE exports by default would run.')
    .argument('<file>', 'JavaScript, or TypeScript where Node.js strips types')
    .option('--debug', 'show stack traces', false)
    .action((file: string, options: { debug: boolean }) => take({ kind: 'explain', file, ...options }))
}

/** Reads the arguments (without `node` and script). Help, version and complaints are written, never thrown. */
export function readArguments(argv: readonly string[], context: ArgumentContext): Order {
  let order: Order = { kind: 'leave', exitCode: EXIT.usage }
  const take = (taken: Order): void => {
    order = taken
  }
  const program = new Command('millrace').description('Run and explain parallel dataflows written in TypeScript.').version(context.version)
  for (const command of [runCommand(take), explainCommand(take)]) program.addCommand(command)
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureOutput({ writeOut: context.writeOut, writeErr: context.writeErr })
      .addHelpText('after', EXIT_HELP)
      .showHelpAfterError('(millrace --help shows the options)')
  }
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    order = { kind: 'leave', exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage }
  }
  return order
}
