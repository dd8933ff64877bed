import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CancelledError } from 'millrace'
import { flow, type LogRecord, lines, type StallReport } from 'millrace/flow'
import { slowSetup, withState } from './stages/endless.js'
import { errorOf, start, temporaryFolder, useWays, writeFiles } from './support.js'

const folder = temporaryFolder()
const { ways } = useWays([0, 1, 2])

before(() => writeFiles(folder, { 'a.txt': 'one\n'.repeat(100) }))

const job = () =>
  flow(new URL('./stages/endless.js', import.meta.url))
    .read(lines(`${folder}/*.txt`))
    .map(withState, { setup: slowSetup })

for (const { name, options } of ways.filter((way) => way.options.ringBytes === undefined)) {
  test(`a run in which nothing moves is told to onStall and the log, once, and goes on (${name})`, async () => {
    const reports: StallReport[] = []
    const records: LogRecord[] = []
    let told = () => {}
    const report = new Promise<void>((resolve) => {
      told = resolve
    })
    const onLog = (record: LogRecord) => {
      if (record.level !== 'warn') return
      records.push(record)
      told()
    }
    const run = start(job(), { ...options, stallMs: 20, onStall: (each) => reports.push(each), onLog })
    const rows = errorOf(run.collect())
    await report
    await run.cancel()
    assert.ok((await rows) instanceof CancelledError)
    const [{ text }] = reports
    assert.match(
      text,
      /^nothing moved for \d+ ms:\nparticipant 0 waits for data of stream \d+ \(the rows of stage 0\) from participant 1\n/,
    )
    assert.match(text, /\nparticipant 1 has not planned yet: stream \d+, which participant 0 asked for, has no source/)
    assert.equal(reports.length, 1)
    assert.deepEqual(records, [{ level: 'warn', object: text, worker: 0, stage: 'stall', source: undefined }])
  })
}

test('what onStall throws fails the run', async () => {
  const { options } = ways[2]
  const mine = new RangeError('mine')
  const onStall = () => {
    throw mine
  }
  assert.equal(await errorOf(start(job(), { ...options, stallMs: 10, onStall }).collect()), mine)
})

test('a stall time that is none is refused', () => {
  for (const stallMs of [0, -1, Number.NaN]) assert.throws(() => job().run({ stallMs }), { code: 'InvalidArgument' })
})
