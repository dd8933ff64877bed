import { parseArgs } from 'node:util'

/** The run options named on the command line: `--workers N`. */
export function workersFromArguments(): { workers?: number } {
  const { values } = parseArgs({ options: { workers: { type: 'string' } } })
  return values.workers === undefined ? {} : { workers: Number(values.workers) }
}
