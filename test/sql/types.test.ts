import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Flow, flow, jsonl } from '../../src/flow.js'
import { ident, sql, table } from '../../src/sql.js'
import { compileMistakes } from '../support/mistakes.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type RowOf<F> = F extends Flow<infer R> ? R : never

/** Compiles only where the row type of the flow is exactly `R`. */
function rows<R>() {
  return <F>(_flow: F & (Equal<RowOf<F>, R> extends true ? unknown : 'the row type is another one')): void => {}
}

const start = flow('file:///stages.js')
const clicks = start.read(jsonl<{ user: string; ms: number }>('c'))

test('the spec is the row type, of a flow and of a source', () => {
  rows<{ user: string; n: bigint; at: Date | null }>()(
    sql({ user: 'utf8', n: 'int64', at: 'timestamp?' })`select * from ${clicks} where ms > ${5} and user in ${['a']}`,
  )
  rows<{ n: number }>()(sql({ n: 'float64' })`select ${ident('n')} from ${table(clicks, { ms: 'float64' })}`)
  rows<{ n: number; l: unknown[] }>()(start.read(sql({ n: 'int32', l: 'list' })`select ${1} n, [] l`))
})

const HEAD = `import { flow, jsonl } from '../../../src/flow.js'
import { sql, table } from '../../../src/sql.js'
const clicks = flow('file:///stages.js').read(jsonl<{ user: string; ms: number }>('c'))
`

test('mistakes are told where they are made', async () => {
  const found = await compileMistakes(new URL('.', import.meta.url), HEAD, [
    `sql({ n: 'number' })\`select 1 n\``,
    `sql({ n: 'float64' })\`select \${() => 1} n\``,
    `table(clicks, { mss: 'float64' })`,
    `sql({ n: 'float64' })\`select 1 n\`.map((row: { n: number }) => row)`,
    `flow('file:///x.js').read(sql({ n: 'float64' })\`select n from \${clicks}\`)`,
  ])
  assert.deepEqual(
    found.map((lines) => lines.length > 0),
    [true, true, true, true, true],
  )
})
