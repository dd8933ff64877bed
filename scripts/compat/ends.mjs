/** Ends by itself: one pool is closed, one is left open. */
import { connect } from 'millrace'

const worker = new URL('./worker.mjs', import.meta.url)
const [closed, open] = await Promise.all([connect(worker, { workers: 2 }), connect(worker, { workers: 1 })])
const sums = await Promise.all([closed.api.add({ a: 1, b: 2 }), open.api.add({ a: 3, b: 4 })])
await closed.close()
console.log(sums.join())
