import { MIN_FLIGHTS, type RouteDelay } from './stages.ts'
import { inOneMap } from './variants.ts'

/** The same answer as the flow's, in this thread, in the fastest of `VARIANTS`. */
export async function worstRoutesInOneThread(file: string): Promise<RouteDelay[]> {
  const routes = await inOneMap(file)
  return routes.filter((route) => route.flights >= MIN_FLIGHTS).sort(compare)
}

function compare(a: RouteDelay, b: RouteDelay): number {
  return (b.mean ?? 0) - (a.mean ?? 0) || (a.route < b.route ? -1 : 1)
}
