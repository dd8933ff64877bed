import { lines, readBatches } from 'millrace/flow'
import { parsed, type Request, type Session, sessionsOf } from './stages.ts'

/** The same in this thread, with all requests in memory. */
export async function sessionsInOneThread(patterns: string): Promise<Session[]> {
  const users = new Map<string, Request[]>()
  for await (const batch of readBatches(lines(patterns))) {
    for (const request of batch.flatMap(parsed)) {
      const requests = users.get(request.user)
      if (requests === undefined) users.set(request.user, [request])
      else requests.push(request)
    }
  }
  const found: Session[] = []
  for (const requests of users.values()) {
    requests.sort((a, b) => a.at.getTime() - b.at.getTime() || compare(a.path, b.path))
    found.push(...sessionsOf(requests, { params: { gapMinutes: 30 } } as never))
  }
  return found.sort((a, b) => b.minutes - a.minutes || compare(a.user, b.user) || a.from.getTime() - b.from.getTime())
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
