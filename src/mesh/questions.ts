import type { PoolWorker } from './pool-worker.js'
import type { Answers, Question } from './setup.js'

/** What the leader asks its workers, by message port, and the answers that are still due. */
export class Questions {
  private readonly due = new Map<number, (answer: Answers[keyof Answers]) => void>()
  private next = 1

  /** Resolves with the answer; undefined where the worker is gone, or `givenUp` resolves first. */
  async ask<Q extends keyof Answers>(
    worker: PoolWorker,
    about: Extract<Question, { about: Q }>,
    givenUp?: Promise<void>,
  ): Promise<Answers[Q] | undefined> {
    const question = this.next++
    const answer = new Promise<Answers[Q]>((resolve) => this.due.set(question, resolve as (answer: Answers[keyof Answers]) => void))
    worker.host.post({ kind: 'ask', question, ...about })
    const ends = [worker.exited.happened, ...(givenUp === undefined ? [] : [givenUp])]
    const given = await Promise.race([answer, ...ends.map((end) => end.then(() => undefined))])
    this.due.delete(question)
    return given
  }

  answered(question: number, answer: Answers[keyof Answers]): void {
    this.due.get(question)?.(answer)
  }
}
