import { type Ctx, desc, type Flow, flow, lines } from 'millrace/flow'

/** One line of a log: `2026-03-01T12:00:00.000Z u17 GET /page/3 200`. */
export type Request = { at: Date; user: string; path: string }

export type Session = { user: string; from: Date; minutes: number; requests: number; first: string; last: string }

const LINE = /^(\S+) (\S+) (?:GET|POST) (\S+) \d{3}$/

/** A line that is none of a request gives nothing. */
export function parsed({ text }: { text: string }): Request[] {
  const [, time, user, path] = LINE.exec(text) ?? []
  if (time === undefined || user === undefined || path === undefined) return []
  const at = new Date(time)
  return Number.isNaN(at.getTime()) ? [] : [{ at, user, path }]
}

/** The requests of one user, in order of time: a session ends where nothing comes for `gapMinutes`. */
export function* sessionsOf(requests: Iterable<Request>, ctx: Ctx<{ gapMinutes: number }>): Generator<Session> {
  let session: Session | undefined
  let last = 0
  for (const { at, user, path } of requests) {
    const now = at.getTime()
    if (session === undefined || now - last > ctx.params.gapMinutes * 60_000) {
      if (session !== undefined) yield session
      session = { user, from: at, minutes: 0, requests: 0, first: path, last: path }
    }
    session.minutes = (now - session.from.getTime()) / 60_000
    session.requests++
    session.last = path
    last = now
  }
  if (session !== undefined) yield session
}

/** The sessions in these logs, the longest first. */
export function sessions(patterns: string | readonly string[]): Flow<Session> {
  return flow(import.meta.url)
    .read(lines(patterns))
    .flatMap(parsed)
    .perKey('user', { orderBy: ['at', 'path'], params: { gapMinutes: 30 } }, sessionsOf)
    .sort(desc('minutes'), 'user', 'from')
}
