import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { createPool, type FlowPool, flow } from 'millrace/flow'
import { type SourceColumns, sql } from 'millrace/sql'
import { columnsOf, overFiles, QUERIES } from '../../bench/tpch/queries.js'
import { writeTables } from '../../bench/tpch/tables.js'
import { temporaryFolder } from '../flow-run/support.js'
import { priced } from './tpch/stages.js'

const FULL = process.env.MILLRACE_FULL === '1'
const MODULE = new URL('./tpch/stages.js', import.meta.url)
const folder = temporaryFolder()
let connection: DuckDBConnection
let pool: FlowPool

before(async () => {
  connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  await writeTables(connection, folder, FULL ? 0.1 : 0.01)
  pool = createPool({ workers: 2 })
})
after(async () => {
  connection.closeSync()
  await pool.close()
})

/** A statement that is text already, for the tables in files. */
function statement<C extends SourceColumns>(columns: C, query: string) {
  return sql(columns)([overFiles(query, folder)] as unknown as TemplateStringsArray)
}

/** The rows of plain DuckDB, and what a statement has to declare to give the same. */
async function plain(query: string): Promise<{ rows: Record<string, unknown>[]; columns: SourceColumns }> {
  const reader = await connection.runAndReadAll(query)
  const columns = columnsOf(reader.columnNames(), reader.columnTypes())
  const rows = reader.getRowObjectsJS() as Record<string, unknown>[]
  for (const row of rows) for (const [name, value] of Object.entries(row)) if (typeof value === 'bigint') row[name] = Number(value)
  return { rows, columns }
}

/** Sums of floats differ in their last digits. */
function assertAlike(found: readonly object[], expected: readonly object[]): void {
  const alike = found.map((row, index) => {
    const wanted = Object.entries(expected[index] ?? {})
    return Object.fromEntries(wanted.map(([name, value]) => [name, near((row as Record<string, unknown>)[name], value)]))
  })
  assert.deepEqual(alike, expected)
  assert.deepEqual(Object.keys(found[0] ?? {}), Object.keys(expected[0] ?? {}))
}

/** The second where the first is as good as it. */
function near(found: unknown, expected: unknown): unknown {
  if (typeof found !== 'number' || typeof expected !== 'number') return found
  return Math.abs(found - expected) <= 1e-9 * Math.abs(expected) ? expected : found
}

for (const [index, query] of QUERIES.entries()) {
  test(`TPC-H query ${index + 1} as a flow gives what plain DuckDB gives`, async () => {
    const { rows, columns } = await plain(query)
    assert.ok(rows.length > 0)
    assertAlike(await flow(MODULE).read(statement(columns, query)).run({ pool }).collect(), rows)
  })
}

const LINE = { key: 'utf8', price: 'float64', discount: 'float64', tax: 'float64' } as const
const LINES = 'l_extendedprice price, l_discount discount, l_tax tax'
const REVENUE = 'sum(l_extendedprice * (1 - l_discount)) revenue, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) charge, count(*) n'

/** Queries of which a statement joins and filters, a function computes, and a second statement adds up. */
const STAGED: Readonly<Record<string, { key: string; from: string }>> = {
  1: { key: `l_returnflag || l_linestatus`, from: `lineitem where l_shipdate <= date '1998-09-02'` },
  3: {
    key: 'l_orderkey::varchar',
    from: `customer, orders, lineitem where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate < date '1995-03-15' and l_shipdate > date '1995-03-15'`,
  },
  5: {
    key: 'n_name',
    from: `customer, orders, lineitem, supplier, nation, region where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey and c_nationkey = s_nationkey
      and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'ASIA' and o_orderdate >= date '1994-01-01' and o_orderdate < date '1995-01-01'`,
  },
  7: {
    key: `n1.n_name || n2.n_name || year(l_shipdate)`,
    from: `supplier, lineitem, orders, customer, nation n1, nation n2 where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey and s_nationkey = n1.n_nationkey
      and c_nationkey = n2.n_nationkey and ((n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY') or (n1.n_name = 'GERMANY' and n2.n_name = 'FRANCE'))`,
  },
  10: {
    key: 'c_name',
    from: `customer, orders, lineitem, nation where c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate >= date '1993-10-01' and o_orderdate < date '1994-01-01'
      and l_returnflag = 'R' and c_nationkey = n_nationkey`,
  },
  12: {
    key: 'l_shipmode',
    from: `orders, lineitem where o_orderkey = l_orderkey and l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate`,
  },
}

for (const [number, { key, from }] of Object.entries(STAGED)) {
  test(`TPC-H query ${number} in stages: a statement, a function in both workers, a statement behind a hash exchange`, async () => {
    const { rows } = await plain(`select ${key} as key, ${REVENUE} from ${from} group by 1 order by 1`)
    const lines = flow(MODULE).read(statement(LINE, `select ${key} as key, ${LINES} from ${from}`))
    const spread = lines.exchange.roundRobin().map(priced).exchange.hash('key')
    const job = sql({
      key: 'utf8',
      revenue: 'float64',
      charge: 'float64',
      n: 'float64',
      low: 'float64',
      high: 'float64',
    })`
      select key, sum(revenue) revenue, sum(charge) charge, count(*) n, min(worker) low, max(worker) high from ${spread} group by key`.sort(
      'key',
    )
    const found = await job.run({ pool }).collect()
    assertAlike(
      found.map(({ low: _low, high: _high, ...row }) => row),
      rows,
    )
    assert.deepEqual([Math.min(...found.map(({ low }) => low)), Math.max(...found.map(({ high }) => high))], [1, 2])
    assert.match(await job.explain(), /one DuckDB with all threads.*map priced.*hash by key.*a DuckDB in each worker/s)
  })
}
