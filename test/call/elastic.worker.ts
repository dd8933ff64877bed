import { serve } from '../../src/index.js'

export default serve(
  {
    whoami: (_input: undefined, { worker }) => worker,
    /** Answers when its signal, or the gate that is its input, says so. */
    async wait(gate: AsyncIterable<number>, { worker }) {
      for await (const _each of gate);
      return worker
    },
    *numbers(count: number, { worker }) {
      for (let n = 0; n < count; n++) yield worker
    },
    /** Calls another worker, and tells which it was. */
    async other(gate: AsyncIterable<number>, { peers }) {
      const [peer] = await peers.ids()
      return peers.on<{ wait(gate: AsyncIterable<number>): Promise<number> }>(peer).wait(gate)
    },
  },
  { teardown: () => process.emit('message' as never, 'torn down' as never) },
)
