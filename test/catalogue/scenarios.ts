import { hashJoin, inTurn, made, mapped, mergeJoin, tee } from './cursors.js'
import type { Row, Seat } from './seat.js'

/** The stage whose rows the leader reads; every worker has one. */
export const OUT = 9

/** Traffic that has stood still somewhere, as it looks at the smallest rings. */
export interface Scenario {
  /** Registers what one worker does. */
  stages(seat: Seat): void
  /** How often the leader gets each row, by its `id`, of `rows` rows at each of the workers. */
  copies(id: number, workers: number): number
}

/** So wide that few rows fit a ring. */
const PAD = 'x'.repeat(150)

function row(seat: Seat, n: number, pad: string = PAD): Row {
  return { id: n * seat.workers + seat.self - 1, pad }
}

function rows(seat: Seat, count: number = seat.terms.rows, pad?: string) {
  return made(count, (n) => row(seat, n, pad))
}

/** Runs of equal receivers, so that one has much while the others have nothing. */
const inRuns = (workers: number) => (each: Row) => Math.floor((each.id as number) / 20) % workers

/** Two exchanges of one input: what one of them is not asked for is kept. */
function twice(seat: Seat, keeps: (row: Row) => boolean): void {
  const [left, right] = tee(rows(seat), seat.terms.queueBytes / 100)
  const route = inRuns(seat.workers)
  seat.stage(
    1,
    mapped(left, (each) => (keeps(each) ? each : undefined)),
    seat.all,
    route,
  )
  seat.stage(2, right, seat.all, route)
}

/** A worker that sends the leader nothing. */
function silent(seat: Seat): void {
  seat.stage(OUT, rows(seat, 0))
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'an ordered merge over a hash exchange whose rows all go to one side': {
    stages(seat) {
      seat.stage(1, rows(seat), seat.all, () => 0)
      seat.stage(OUT, seat.merge(1))
    },
    copies: () => 1,
  },
  'an ordered merge over a hash exchange where every sender begins with another receiver': {
    stages(seat) {
      const { self, workers, terms } = seat
      const part = (id: number) => Math.floor(Math.floor(id / workers) / (terms.rows / workers))
      seat.stage(1, rows(seat), seat.all, (each) => (part(each.id as number) + self) % workers)
      seat.stage(OUT, seat.merge(1))
    },
    copies: () => 1,
  },
  'a hash join with an empty build side': {
    stages(seat) {
      seat.stage(1, rows(seat, 0), seat.all, inRuns(seat.workers))
      seat.stage(2, rows(seat), seat.all, inRuns(seat.workers))
      seat.stage(OUT, hashJoin(seat.gather(1), seat.gather(2)))
    },
    copies: () => 0,
  },
  'a probe side that is never read': {
    stages(seat) {
      seat.stage(1, rows(seat), seat.all, inRuns(seat.workers))
      seat.stage(2, rows(seat), seat.all, inRuns(seat.workers))
      seat.stage(
        OUT,
        inTurn(
          seat.gather(1),
          seat.gather(2),
          (each) => each,
          () => true,
        ),
      )
    },
    copies: () => 1,
  },
  'a diamond': {
    stages(seat) {
      twice(seat, (each) => (each.id as number) % 2 === 0)
      seat.stage(OUT, mergeJoin(seat.merge(1), seat.merge(2)))
    },
    copies: (id) => (id % 2 === 0 ? 1 : 0),
  },
  'a self join': {
    stages(seat) {
      twice(seat, () => true)
      seat.stage(OUT, hashJoin(seat.gather(1), seat.gather(2)))
    },
    copies: () => 1,
  },
  'a broadcast with one receiver that waits for another one to have read it all': {
    stages(seat) {
      const { self, workers, all } = seat
      seat.stage(1, rows(seat), all, 'broadcast')
      if (self === 1) {
        seat.stage(2, seat.gather(1), [workers])
        silent(seat)
      } else if (self < workers) seat.stage(OUT, seat.gather(1))
      else
        seat.stage(
          OUT,
          inTurn(
            seat.gather(2, [1]),
            seat.gather(1),
            (each) => each,
            () => false,
          ),
        )
    },
    copies: (_id, workers) => workers,
  },
  'all pairs full in both directions, with messages larger than a window': {
    stages(seat) {
      seat.stage(1, rows(seat, seat.terms.rows, PAD.repeat(15)), seat.all, (each) => (each.id as number) % seat.workers)
      seat.stage(
        OUT,
        mapped(seat.gather(1), ({ id }) => ({ id, pad: PAD })),
      )
    },
    copies: () => 1,
  },
  'a stream passed on from one participant to the next': {
    stages(seat) {
      const { self, workers } = seat
      const before = self - 1
      const input = self === 1 ? made(seat.terms.rows * workers, (n) => ({ id: n, pad: PAD })) : seat.gather(before, [before])
      if (self === workers) seat.stage(OUT, input)
      else {
        seat.stage(self, input, [self + 1])
        silent(seat)
      }
    },
    copies: () => 1,
  },
}
