/** Makes rows and posts them to the other worker, which reads them; objects in arrays of a thousand (10,000 are no faster). */
import { type MessagePort, parentPort } from 'node:worker_threads'
import { type Item, itemOf, tallied } from '../flows.stages.js'

const BATCH = 1000

interface Start {
  readonly rows: number
  readonly port: MessagePort
}

interface Tally {
  rows: number
  sum: number
}

function add(tally: Tally, items: readonly Item[]): void {
  const [{ rows, sum }] = tallied(items) as [Tally]
  tally.rows += rows
  tally.sum += sum
}

/** As much at once as the other side has read: what is posted without end would only wait in memory. */
const AHEAD = 16

parentPort?.on('message', ({ rows, port }: Start) => {
  const tally = { rows: 0, sum: 0 }
  let [at, ahead, ended, theirs] = [0, 0, false, false]
  const finish = (): void => {
    if (!ended || !theirs || ahead > 0) return
    port.close()
    parentPort?.postMessage(tally)
  }
  const work = (): void => {
    while (at < rows && ahead < AHEAD) {
      const batch = Array.from({ length: Math.min(BATCH, rows - at) }, (_none, index) => itemOf(at + index))
      at += batch.length
      ahead++
      port.postMessage(batch)
    }
    if (at < rows || ended) return
    ended = true
    port.postMessage('end')
  }
  port.on('message', (message: readonly Item[] | 'end' | 'read') => {
    if (message === 'end') theirs = true
    else if (message === 'read') {
      ahead--
      work()
    } else {
      add(tally, message)
      port.postMessage('read')
    }
    finish()
  })
  work()
})
