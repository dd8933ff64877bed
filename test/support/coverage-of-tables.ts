import { INBOUND_TABLE } from '../../src/stream/inbound-state.js'
import { SINK_TABLE } from '../../src/stream/sink-state.js'

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>

/** All pairs of a table, as `state.event`. */
export function pairsOf(table: Table): string[] {
  return Object.entries(table).flatMap(([state, row]) => Object.keys(row).map((event) => `${state}.${event}`))
}

/** Notes which entries of a table are looked up while `run` runs. */
async function covered(table: Table, run: () => Promise<void>): Promise<Set<string>> {
  const seen = new Set<string>()
  const undo: (() => void)[] = []
  for (const [state, row] of Object.entries(table)) {
    for (const [event, value] of Object.entries(row)) {
      const get = (): string => {
        seen.add(`${state}.${event}`)
        return value
      }
      Object.defineProperty(row, event, { get, configurable: true, enumerable: true })
      undo.push(() => Object.defineProperty(row, event, { value, writable: true, configurable: true, enumerable: true }))
    }
  }
  try {
    await run()
  } finally {
    for (const each of undo) each()
  }
  return seen
}

/** Which (state, event) pairs of the tables of Sink and Stream happen while `run` runs. */
export async function coverageOfTables(run: () => Promise<void>): Promise<{ sink: Set<string>; stream: Set<string> }> {
  let stream = new Set<string>()
  const sink = await covered(SINK_TABLE, async () => {
    stream = await covered(INBOUND_TABLE, run)
  })
  return { sink, stream }
}

/** The table as text, covered pairs marked. */
export function showCoverage(title: string, table: Table, seen: ReadonlySet<string>): string {
  const lines = Object.entries(table).map(([state, row]) => {
    const events = Object.keys(row).map((event) => `${event}${seen.has(`${state}.${event}`) ? '' : ' (not)'}`)
    return `  ${state.padEnd(9)} ${events.join(', ')}`
  })
  const all = pairsOf(table)
  return [`${title}: ${all.filter((pair) => seen.has(pair)).length} of ${all.length} pairs`, ...lines].join('\n')
}
