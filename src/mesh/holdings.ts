import type { Session } from '../stream/session.js'
import type { Member } from './member.js'

/** What a member of a pool still holds, by kind; what is zero is left out. */
export type Holdings = Readonly<Record<string, number>>

/** What is open in the mesh of calls, and how many queries the member takes part in. */
export function holdingsOf(member: Member, calls: Session): Holdings {
  const counts = { ...calls.census(), openStreams: calls.budget.streams, queries: member.queries }
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0))
}
