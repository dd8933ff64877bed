/** Ways to group in one thread. `npm run bench -- --only flights-single` times them; `single.ts` uses the fastest. */
import { type ColumnGroup, readColumns } from '../support/read-columns.ts'
import { type RouteDelay, toRoute } from './stages.ts'

export type Variant = (file: string) => Promise<RouteDelay[]>

interface Delays {
  readonly route: string
  flights: number
  sum: number
  worst: number
}

const NAMES = ['delay', 'origin', 'destination'] as const

/** Delays come as 64-bit integers. */
interface Flights {
  readonly rows: number
  readonly delay: ArrayLike<bigint>
  readonly origin: ArrayLike<string>
  readonly destination: ArrayLike<string>
}

function flights({ rows, columns }: ColumnGroup): Flights {
  return {
    rows,
    delay: columns.delay as ArrayLike<bigint>,
    origin: columns.origin as ArrayLike<string>,
    destination: columns.destination as ArrayLike<string>,
  }
}

function begin(route: string, delay: number): Delays {
  return { route, flights: 1, sum: delay, worst: delay }
}

function add(delays: Delays, delay: number): void {
  delays.flights++
  delays.sum += delay
  if (delay > delays.worst) delays.worst = delay
}

function finish(groups: Iterable<Delays>): RouteDelay[] {
  return Array.from(groups, ({ route, flights, sum, worst }) => ({ route, flights, mean: sum / flights, worst }))
}

/** The stage function on a row object for every flight, as the flow does it; one map by route. */
export async function throughRows(file: string): Promise<RouteDelay[]> {
  const routes = new Map<string, Delays>()
  for await (const group of readColumns(file, NAMES)) {
    const { rows, delay, origin, destination } = flights(group)
    for (let row = 0; row < rows; row++) {
      const flight = toRoute({ delay: Number(delay[row]), origin: origin[row] as string, destination: destination[row] as string })
      const delays = routes.get(flight.route)
      if (delays === undefined) routes.set(flight.route, begin(flight.route, flight.delay))
      else add(delays, flight.delay)
    }
  }
  return finish(routes.values())
}

/** No row objects: the route's text is made from the columns. */
export async function throughColumns(file: string): Promise<RouteDelay[]> {
  const routes = new Map<string, Delays>()
  for await (const group of readColumns(file, NAMES)) {
    const { rows, delay, origin, destination } = flights(group)
    for (let row = 0; row < rows; row++) {
      const route = `${origin[row]}-${destination[row]}`
      const delays = routes.get(route)
      if (delays === undefined) routes.set(route, begin(route, Number(delay[row])))
      else add(delays, Number(delay[row]))
    }
  }
  return finish(routes.values())
}

/** A map of maps: text is made once per route instead of once per flight. */
export async function throughMapsOfMaps(file: string): Promise<RouteDelay[]> {
  const origins = new Map<string, Map<string, Delays>>()
  for await (const group of readColumns(file, NAMES)) {
    const { rows, delay, origin, destination } = flights(group)
    for (let row = 0; row < rows; row++) {
      const from = origin[row] as string
      const to = destination[row] as string
      const destinations = origins.get(from) ?? new Map<string, Delays>()
      if (destinations.size === 0) origins.set(from, destinations)
      const delays = destinations.get(to)
      if (delays === undefined) destinations.set(to, begin(`${from}-${to}`, Number(delay[row])))
      else add(delays, Number(delay[row]))
    }
  }
  return finish([...origins.values()].flatMap((destinations) => [...destinations.values()]))
}

export const VARIANTS: Readonly<Record<string, Variant>> = { throughRows, throughColumns, throughMapsOfMaps }
