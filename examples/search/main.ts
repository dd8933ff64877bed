/** Makes an index of documents and searches it: `node main.js WORD... [--documents PATTERN] [--workers N]`, the documents of Millrace by default. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createPool } from 'millrace/flow'
import { table } from '../support/report.ts'
import { documentsIn, search, wordsOf, writeIndex } from './stages.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { documents: { type: 'string', default: 'docs/**/*.md' }, workers: { type: 'string', default: '2' } },
})
const query = wordsOf(positionals.join(' '))
const folder = await mkdtemp(join(tmpdir(), 'search-'))
const pool = createPool({ workers: Number(values.workers) })

const began = performance.now()
const parts = await writeIndex(values.documents, folder).run({ pool }).collect()
const documents = (await documentsIn(folder).run({ pool }).collect()).length
const indexed = performance.now()
const found = await search(folder, query, documents, 5).run({ pool }).collect()
const searched = performance.now()

const rows = parts.reduce((sum, part) => sum + part.rows, 0)
console.log(
  `${rows.toLocaleString('en-US')} words in ${documents.toLocaleString('en-US')} documents indexed in ${((indexed - began) / 1000).toFixed(2)} s`,
)
console.log(`searched for ${query.join(' ')} in ${(searched - indexed).toFixed(0)} ms\n\n${table(found)}`)
await pool.close()
await rm(folder, { recursive: true })
