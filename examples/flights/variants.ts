/**
 * Ways to group in one thread, with the reader of the flow. `npm run bench -- --only flights-single` times them; `single.ts` uses
 * the fastest of `VARIANTS`.
 */
import { readBatches } from 'millrace/flow'
import { readColumns } from '../support/read-columns.ts'
import { flightsIn, type RouteDelay, toRoute } from './stages.ts'

export type Variant = (file: string) => Promise<RouteDelay[]>

interface Delays {
  readonly route: string
  flights: number
  sum: number
  worst: number
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

/** The stage function on every flight; one map by route. */
export async function throughStage(file: string): Promise<RouteDelay[]> {
  const routes = new Map<string, Delays>()
  for await (const batch of readBatches(flightsIn(file))) {
    for (const flight of batch) {
      const { route, delay } = toRoute(flight)
      const delays = routes.get(route)
      if (delays === undefined) routes.set(route, begin(route, delay))
      else add(delays, delay)
    }
  }
  return finish(routes.values())
}

/** No second row object per flight. */
export async function inOneMap(file: string): Promise<RouteDelay[]> {
  const routes = new Map<string, Delays>()
  for await (const batch of readBatches(flightsIn(file))) {
    for (const { origin, destination, delay } of batch) {
      const route = `${origin}-${destination}`
      const delays = routes.get(route)
      if (delays === undefined) routes.set(route, begin(route, delay))
      else add(delays, delay)
    }
  }
  return finish(routes.values())
}

/** A map of maps: text is made once per route instead of once per flight. */
export async function inMapsOfMaps(file: string): Promise<RouteDelay[]> {
  const origins = new Map<string, Map<string, Delays>>()
  for await (const batch of readBatches(flightsIn(file))) {
    for (const { origin, destination, delay } of batch) addTo(origins, origin, destination, delay)
  }
  return finish([...origins.values()].flatMap((destinations) => [...destinations.values()]))
}

function addTo(origins: Map<string, Map<string, Delays>>, origin: string, destination: string, delay: number): void {
  let destinations = origins.get(origin)
  if (destinations === undefined) {
    destinations = new Map()
    origins.set(origin, destinations)
  }
  const delays = destinations.get(destination)
  if (delays === undefined) destinations.set(destination, begin(`${origin}-${destination}`, delay))
  else add(delays, delay)
}

export const VARIANTS: Readonly<Record<string, Variant>> = { throughStage, inOneMap, inMapsOfMaps }

/** Another reader: the columns themselves, without a row object. Timed beside the others to show what rows cost. */
export async function fromColumns(file: string): Promise<RouteDelay[]> {
  const origins = new Map<string, Map<string, Delays>>()
  for await (const { rows, columns } of readColumns(file, ['delay', 'origin', 'destination'])) {
    const { delay, origin, destination } = columns as {
      delay: ArrayLike<bigint>
      origin: ArrayLike<string>
      destination: ArrayLike<string>
    }
    for (let row = 0; row < rows; row++) addTo(origins, origin[row], destination[row], Number(delay[row]))
  }
  return finish([...origins.values()].flatMap((destinations) => [...destinations.values()]))
}
