import { type Ctx, type Flow, flow, parquet } from 'millrace/flow'

export interface Flight {
  date: Date
  /** Minutes. */
  delay: number
  /** Miles. */
  distance: number
  origin: string
  destination: string
}

/** What a request asks of a column. */
export interface Condition {
  readonly column: keyof Flight
  readonly is: 'equal' | 'least' | 'most'
  readonly value: string | number
}

export function holds(flight: Flight, ctx: Ctx<{ conditions: readonly Condition[] }>): boolean {
  for (const { column, is, value } of ctx.params.conditions) {
    const own = column === 'date' ? flight.date.getTime() : flight[column]
    if (is === 'equal' ? own !== value : is === 'least' ? own < value : own > value) return false
  }
  return true
}

const COLUMNS = { date: 'timestamp', delay: 'float64', distance: 'float64', origin: 'utf8', destination: 'utf8' } as const

/** The flights for which all conditions hold, in any order. */
export function flightsThat(file: string, conditions: readonly Condition[]): Flow<Flight> {
  return flow(import.meta.url)
    .read(parquet(file, { columns: COLUMNS }))
    .filter(holds, { params: { conditions } })
}

/** `?origin=HNL&delay.least=60&date.most=2001-03-31`. Throws an Error for a column that is not there, or a value that is none of it. */
export function conditionsOf(query: URLSearchParams): Condition[] {
  return [...query].map(([name, text]) => {
    const [column = '', is = 'equal'] = name.split('.')
    if (!Object.hasOwn(COLUMNS, column)) throw new Error(`there is no column ${column}: ${Object.keys(COLUMNS).join(', ')}`)
    if (is !== 'equal' && is !== 'least' && is !== 'most') throw new Error(`${name}: a column alone, or with .least or .most`)
    return { column: column as keyof Flight, is, value: valueIn(column as keyof Flight, text) }
  })
}

function valueIn(column: keyof Flight, text: string): string | number {
  if (column === 'origin' || column === 'destination') return text
  const value = column === 'date' ? Date.parse(text) : Number(text || Number.NaN)
  if (Number.isNaN(value)) throw new Error(`${column} is ${column === 'date' ? 'a date' : 'a number'}, not ${JSON.stringify(text)}`)
  return value
}
