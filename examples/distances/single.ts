import { readBatches } from 'millrace/flow'
import { type Airport, airportsIn, flightsIn, greatCircleMiles, type RouteDistance } from './stages.ts'

interface Route {
  readonly route: string
  readonly computed: number
  flights: number
  sum: number
  least: number
  most: number
}

/** The same in this thread: the way between two airports is computed once for each route. */
export async function distancesInOneThread(flights: string, airports: string): Promise<RouteDistance[]> {
  const located = new Map<string, Airport>()
  for await (const batch of readBatches(airportsIn(airports))) for (const airport of batch) located.set(airport.iata, airport)
  const routes = new Map<string, Route>()
  for await (const batch of readBatches(flightsIn(flights))) {
    for (const { origin, destination, distance } of batch) {
      const name = `${origin}-${destination}`
      const route = routes.get(name) ?? begin(name, located.get(origin), located.get(destination))
      if (route === undefined) continue
      routes.set(name, route)
      route.flights++
      route.sum += distance
      if (distance < route.least) route.least = distance
      if (distance > route.most) route.most = distance
    }
  }
  const rows = Array.from(routes.values(), ({ route, flights: count, sum, computed, least, most }) => ({
    route,
    flights: count,
    stated: sum / count,
    computed,
    apart: Math.max(computed - least, most - computed),
  }))
  return rows.sort((a, b) => b.apart - a.apart || (a.route < b.route ? -1 : 1))
}

function begin(route: string, from: Airport | undefined, to: Airport | undefined): Route | undefined {
  if (from === undefined || to === undefined) return undefined
  const computed = greatCircleMiles(from.latitude, from.longitude, to.latitude, to.longitude)
  return { route, computed, flights: 0, sum: 0, least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY }
}
