import { threadId } from 'node:worker_threads'
import type { Ctx, SetupCtx } from 'millrace/flow'

type Line = { text: string; file: string; offset: number }
let setups = 0

/** No other thread of this machine has the same now: those of different processes may have the same `threadId`. */
export function ownThread(): number {
  return process.pid * 65_536 + threadId
}

export function prepare(ctx: SetupCtx<{ word: string }>): { setups: number; word: string } {
  setups++
  return { setups, word: ctx.params.word }
}

export function tell(line: Line, ctx: Ctx<{ word: string; times: number }, { setups: number; word: string }>): object {
  ctx.log(line.text === 'x' ? 'warn' : 'debug', { text: line.text })
  return {
    text: line.text,
    file: ctx.source?.file,
    offset: ctx.source?.offset,
    sameFile: line.file,
    sameOffset: line.offset,
    worker: ctx.worker,
    thread: ownThread(),
    setups: ctx.state.setups,
    word: ctx.state.word,
    times: ctx.params.times,
    signal: ctx.signal.aborted,
  }
}

export function sourceOf(_row: object, ctx: Ctx): { known: boolean } {
  return { known: ctx.source !== undefined }
}

export function mutates(row: Line, ctx: Ctx): Line {
  const object = { value: row.text }
  ctx.log('info', object)
  object.value = 'changed'
  return row
}

export function splitOf(
  { file, offset }: { file: string; offset: number },
  ctx: Ctx,
): { file: string; offset: number; split: string | null } {
  return { file, offset, split: ctx.splitId ?? null }
}
