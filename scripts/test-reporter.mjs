/** The spec reporter with the closing lines as `# tests N`, which also tells the runner which files are not finished. */
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'

const isFile = ({ nesting, name, file }) => nesting === 0 && file !== undefined && resolve(name) === file

async function* track(events) {
  for await (const event of events) {
    if (event.type === 'test:dequeue' && isFile(event.data)) process.send?.({ began: event.data.file })
    if (event.type === 'test:complete' && isFile(event.data)) process.send?.({ ended: event.data.file })
    yield event
  }
}

export default async function* reporter(events) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the spec reporter colours the sign on a terminal
  const sign = /^((?:\x1b\[\d+m)?)ℹ /gm
  for await (const text of Readable.from(track(events)).pipe(new spec())) yield String(text).replace(sign, '$1# ')
}
