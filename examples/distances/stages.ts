import { fileURLToPath } from 'node:url'
import { csv, desc, type Flow, flow, parquet, type Source } from 'millrace/flow'

export interface Flight {
  /** Miles, as the airline states it. */
  distance: number
  origin: string
  destination: string
}

export interface Airport {
  iata: string
  /** Degrees. */
  latitude: number
  longitude: number
}

/** The flights between two airports: how many, and the mean, least and greatest distance that they state. */
export type Route = {
  origin: string
  destination: string
  flights: number
  stated: number | null
  least: number | null
  most: number | null
}

/** A route whose airports are known. */
export type LocatedRoute = Route & { latitudeFrom: number; longitudeFrom: number; latitudeTo: number; longitudeTo: number }

/** Of a route: the mean of the stated distances, the great-circle distance, and how far one of them is apart from it, in miles. */
export type RouteDistance = { route: string; flights: number; stated: number | null; computed: number; apart: number }

const dataFile = (name: string): string => fileURLToPath(new URL(`../data/${name}`, import.meta.resolve('vega-datasets')))

/** 3,000,000 flights of 2001 and 3,376 airports, from the package vega-datasets. */
export const FLIGHTS: string = dataFile('flights-3m.parquet')
export const AIRPORTS: string = dataFile('airports.csv')

const EARTH_RADIUS_MILES = 3958.7613

/** The shortest way over a sphere (haversine formula). */
export function greatCircleMiles(latitude1: number, longitude1: number, latitude2: number, longitude2: number): number {
  const radians = Math.PI / 180
  const sinOfHalf = (degrees: number): number => Math.sin((degrees * radians) / 2)
  const root = sinOfHalf(latitude2 - latitude1) ** 2
  const other = Math.cos(latitude1 * radians) * Math.cos(latitude2 * radians) * sinOfHalf(longitude2 - longitude1) ** 2
  return 2 * EARTH_RADIUS_MILES * Math.asin(Math.sqrt(root + other))
}

export function withDistance(row: LocatedRoute): RouteDistance {
  const { origin, destination, flights, stated, least, most } = row
  const computed = greatCircleMiles(row.latitudeFrom, row.longitudeFrom, row.latitudeTo, row.longitudeTo)
  const apart = Math.max(computed - (least ?? computed), (most ?? computed) - computed)
  return { route: `${origin}-${destination}`, flights, stated, computed, apart }
}

export function flightsIn(file: string): Source<Flight> {
  return parquet(file, { columns: { distance: 'float64', origin: 'utf8', destination: 'utf8' } })
}

export function airportsIn(file: string): Source<Airport> {
  return csv(file, { columns: { iata: 'utf8', latitude: 'float64', longitude: 'float64' } })
}

/** The routes whose stated distance is farthest from the great circle first. Every worker has all airports, so that no route is moved to be joined. */
export function distances(flights: string, airports: string): Flow<RouteDistance> {
  const located = flow(import.meta.url).read(airportsIn(airports))
  return flow(import.meta.url)
    .read(flightsIn(flights))
    .groupBy(['origin', 'destination'], (a) => ({
      flights: a.count(),
      stated: a.avg('distance'),
      least: a.min('distance'),
      most: a.max('distance'),
    }))
    .join(located, { on: { origin: 'iata' }, exchange: 'broadcast', suffix: 'From' })
    .join(located, { on: { destination: 'iata' }, exchange: 'broadcast', suffix: 'To' })
    .map(withDistance)
    .sort(desc('apart'), 'route')
}

export default distances(FLIGHTS, AIRPORTS)
