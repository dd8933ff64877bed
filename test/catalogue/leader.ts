import assert from 'node:assert/strict'
import type { ParticipantId } from '../../src/base/ids.js'
import { ExchangeInput } from '../../src/exchange/exchange-input.js'
import { Gather } from '../../src/exchange/gather.js'
import type { Session } from '../../src/stream/session.js'
import { streamId } from '../support/test-source.js'
import { OUT, SCENARIOS } from './scenarios.js'
import type { Terms } from './seat.js'

/** How one catalogue entry is run. */
export interface Case extends Terms {
  readonly limit: number
}

/** Every scenario, whole and under a LIMIT, with a budget for everything and with next to none. */
export function casesOf(workers: number): (Case & { name: string })[] {
  return Object.keys(SCENARIOS).flatMap((scenario) =>
    [1e7, 3000].flatMap((queueBytes) =>
      [Number.POSITIVE_INFINITY, 5].map((limit) => {
        const name = `${scenario}, ${workers} workers, ${queueBytes} bytes to queue${limit === 5 ? ', under a LIMIT' : ''}`
        return { name, scenario, workers, rows: 96, queueBytes, limit }
      }),
    ),
  )
}

/** What the leader got: ids of rows, or the code of the error. */
export interface Outcome {
  readonly ids: number[]
  readonly code: unknown
}

/** The leader's side: asks every worker, reads as far as wanted, and leaves. */
export async function readOut(session: Session, { workers, limit }: Case): Promise<Outcome> {
  const senders = Array.from({ length: workers }, (_, index) => (index + 1) as ParticipantId)
  const gather = new Gather(
    new ExchangeInput(
      'out',
      senders.map((sender) => session.request(streamId(OUT, sender), { delivery: 'flows', name: 'out' })),
    ),
  )
  const ids: number[] = []
  try {
    while (ids.length < limit) {
      const batch = gather.take()
      if (batch !== undefined) ids.push(...batch.rows().map((row) => row.id as number))
      else if (gather.isDone) break
      else await gather.ready()
    }
    return { ids, code: undefined }
  } catch (error) {
    return { ids, code: (error as { code?: unknown }).code ?? error }
  } finally {
    gather.close()
  }
}

/** The right rows, all or enough of them; or, where little may be queued, the error that says so. */
export function assertOutcome({ ids, code }: Outcome, { scenario, workers, rows, limit, queueBytes }: Case): void {
  if (code !== undefined) {
    assert.equal(code, 'QueueBudget')
    assert.ok(queueBytes < 1e6, 'a budget for everything was not enough')
    return
  }
  const expected = new Map<number, number>()
  const { copies } = SCENARIOS[scenario]
  for (let id = 0; id < workers * rows; id++) expected.set(id, copies(id, workers))
  const total = [...expected.values()].reduce((sum, count) => sum + count, 0)
  for (const id of ids) expected.set(id, (expected.get(id) ?? 0) - 1)
  assert.ok(
    [...expected.values()].every((left) => left >= 0),
    'a row came too often',
  )
  if (limit === Number.POSITIVE_INFINITY) assert.equal(ids.length, total)
  else assert.ok(ids.length >= Math.min(limit, total))
}
