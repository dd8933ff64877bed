import { fileURLToPath } from 'node:url'
import { type Ctx, desc, type Flow, flow, parquet, type Source } from 'millrace/flow'

export interface Flight {
  /** Minutes; negative where it was early. */
  delay: number
  origin: string
  destination: string
}

/** Mean and worst delay in minutes; null where no delay is known. */
export type RouteDelay = { route: string; flights: number; mean: number | null; worst: number | null }

/** 3,000,000 flights of 2001, from the package vega-datasets. */
export const FLIGHTS: string = fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')))

/** A mean over fewer flights says little. */
export const MIN_FLIGHTS = 100

export function toRoute(flight: Flight): { route: string; delay: number } {
  return { route: `${flight.origin}-${flight.destination}`, delay: flight.delay }
}

export function isBusy(route: { flights: number }, ctx: Ctx<{ min: number }>): boolean {
  return route.flights >= ctx.params.min
}

/** The columns that are read: their types are the row type, and nothing else of the file is decoded. */
export function flightsIn(file: string): Source<Flight> {
  return parquet(file, { columns: { delay: 'float64', origin: 'utf8', destination: 'utf8' } })
}

/** Routes with enough flights, the one with the worst mean delay first, equal ones in alphabetical order. */
export function worstRoutes(file: string): Flow<RouteDelay> {
  return flow(import.meta.url)
    .read(flightsIn(file))
    .map(toRoute)
    .groupBy('route', (a) => ({ flights: a.count(), mean: a.avg('delay'), worst: a.max('delay') }))
    .filter(isBusy, { params: { min: MIN_FLIGHTS } })
    .sort(desc('mean'), 'route')
}

export default worstRoutes(FLIGHTS)
