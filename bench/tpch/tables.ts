import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'

export const TABLES = ['region', 'nation', 'supplier', 'customer', 'part', 'partsupp', 'orders', 'lineitem'] as const

/** A number from 0 up to, but not with, another: the same for the same row and salt. */
const pick = (key: string, salt: number, below: number | string): string => `(hash(${key} * 1000 + ${salt}) % (${below})::ubigint)::int`
/** One of these. */
const one = (key: string, salt: number, values: readonly string[]): string =>
  `[${values.map((value) => `'${value}'`).join(', ')}][1 + ${pick(key, salt, values.length)}]`
const cents = (key: string, salt: number, from: number, to: number): string =>
  `(${from} + ${pick(key, salt, (to - from) * 100)} / 100.0)::double`
const day = (key: string, salt: number): string => `(date '1992-01-01' + ${pick(key, salt, 2405)})`

const NATIONS =
  'ALGERIA 0,ARGENTINA 1,BRAZIL 1,CANADA 1,EGYPT 4,ETHIOPIA 0,FRANCE 3,GERMANY 3,INDIA 2,INDONESIA 2,IRAN 4,IRAQ 4,JAPAN 2,JORDAN 4,KENYA 0,MOROCCO 0,MOZAMBIQUE 0,PERU 1,CHINA 2,ROMANIA 3,SAUDI ARABIA 4,VIETNAM 2,RUSSIA 3,UNITED KINGDOM 3,UNITED STATES 1'
const COLORS = ['green', 'forest', 'azure', 'khaki', 'rose', 'snow']

/** Statements that make the tables of TPC-H in a DuckDB; rows as many as the scale says, values of its domains, by a generator of our own. */
function statements(scale: number): string[] {
  const count = (atOne: number): number => Math.round(atOne * scale)
  const nations = NATIONS.split(',').map((text, key) => {
    const [, name, region] = /^(.*) (\d)$/.exec(text) ?? []
    return `(${key}, '${name}', ${region})`
  })
  const types = ['STANDARD', 'SMALL', 'MEDIUM', 'LARGE', 'ECONOMY', 'PROMO'].flatMap((a) =>
    ['ANODIZED', 'BURNISHED', 'PLATED', 'POLISHED', 'BRUSHED'].flatMap((b) =>
      ['TIN', 'NICKEL', 'BRASS', 'STEEL', 'COPPER'].map((c) => `${a} ${b} ${c}`),
    ),
  )
  const containers = ['SM', 'MED', 'LG', 'JUMBO', 'WRAP'].flatMap((a) =>
    ['CASE', 'BOX', 'BAG', 'JAR', 'PKG', 'PACK'].map((b) => `${a} ${b}`),
  )
  const suppliers = count(10_000)
  const parts = count(200_000)
  const supplierOf = (part: string, number: string): string =>
    `1 + ((${part}) + (${number}) * ${Math.floor(suppliers / 4) + 1}) % ${suppliers}`
  const phone = (key: string): string => `(10 + ${pick(key, 2, 25)})::varchar || '-' || (100 + ${pick(key, 3, 900)})::varchar`
  return [
    `create table region as select * from (values (0, 'AFRICA'), (1, 'AMERICA'), (2, 'ASIA'), (3, 'EUROPE'), (4, 'MIDDLE EAST')) t(r_regionkey, r_name)`,
    `create table nation as select * from (values ${nations.join(', ')}) t(n_nationkey, n_name, n_regionkey)`,
    `create table supplier as select i::int s_suppkey, 'Supplier#' || i s_name, 'address ' || i s_address, ${pick('i', 1, 25)} s_nationkey, ${phone('i')} s_phone,
      ${cents('i', 4, -999, 9999)} s_acctbal, case when i % 20 = 0 then 'Customer told of Complaints' else 'fine' end s_comment from range(1, ${suppliers + 1}) t(i)`,
    `create table customer as select i::int c_custkey, 'Customer#' || i c_name, 'address ' || i c_address, ${pick('i', 1, 25)} c_nationkey, ${phone('i')} c_phone,
      ${cents('i', 4, -999, 9999)} c_acctbal, ${one('i', 5, ['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'MACHINERY', 'HOUSEHOLD'])} c_mktsegment, 'comment ' || i c_comment
      from range(1, ${count(150_000) + 1}) t(i)`,
    `create table part as select i::int p_partkey, ${one('i', 1, COLORS)} || ' ' || ${one('i', 2, COLORS)} p_name, 'Manufacturer#' || (1 + ${pick('i', 3, 5)}) p_mfgr,
      'Brand#' || (1 + ${pick('i', 3, 5)}) || (1 + ${pick('i', 4, 5)}) p_brand, ${one('i', 5, types)} p_type, 1 + ${pick('i', 6, 50)} p_size, ${one('i', 7, containers)} p_container,
      (900 + i % 1000)::double p_retailprice from range(1, ${parts + 1}) t(i)`,
    `create table partsupp as select p_partkey ps_partkey, (${supplierOf('p_partkey', 'n')})::int ps_suppkey, 1 + ${pick('(p_partkey * 4 + n)', 1, 9999)} ps_availqty,
      ${cents('(p_partkey * 4 + n)', 2, 1, 1000)} ps_supplycost from part, range(4) t(n)`,
    `create table orders as select i::int o_orderkey, (1 + ${pick('i', 1, count(150_000))})::int o_custkey, ${one('i', 2, ['O', 'F', 'P'])} o_orderstatus, ${cents('i', 3, 900, 400_000)} o_totalprice,
      ${day('i', 4)} o_orderdate, ${one('i', 5, ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'])} o_orderpriority, 0 o_shippriority,
      case when i % 50 = 0 then 'special packages requests' else 'none' end o_comment from range(1, ${count(1_500_000) + 1}) t(i) where ${pick('i', 1, count(150_000))} % 3 > 0`,
    `create table lineitem as select *, l_shipdate + 1 + ${pick('k', 11, 30)} l_receiptdate, case when l_shipdate > date '1995-06-17' then 'O' else 'F' end l_linestatus
      from (select o_orderkey l_orderkey, o_orderkey * 8 + n k, (1 + ${pick('(o_orderkey * 8 + n)', 1, parts)})::int l_partkey, n::int l_linenumber,
        (${supplierOf(`1 + ${pick('(o_orderkey * 8 + n)', 1, parts)}`, pick('(o_orderkey * 8 + n)', 2, 4))})::int l_suppkey,
        (1 + ${pick('(o_orderkey * 8 + n)', 3, 50)})::double l_quantity, ${cents('(o_orderkey * 8 + n)', 4, 900, 100_000)} l_extendedprice,
        ${pick('(o_orderkey * 8 + n)', 5, 11)} / 100.0::double l_discount, ${pick('(o_orderkey * 8 + n)', 6, 9)} / 100.0::double l_tax, ${one('(o_orderkey * 8 + n)', 7, ['R', 'A', 'N'])} l_returnflag,
        o_orderdate + 1 + ${pick('(o_orderkey * 8 + n)', 8, 121)} l_shipdate, o_orderdate + 30 + ${pick('(o_orderkey * 8 + n)', 9, 61)} l_commitdate,
        ${one('(o_orderkey * 8 + n)', 10, ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'])} l_shipinstruct,
        ${one('(o_orderkey * 8 + n)', 12, ['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'])} l_shipmode
        from orders, range(1, 8) t(n) where n <= 1 + ${pick('o_orderkey', 20, 7)})`,
  ]
}

/** Makes the tables, and a Parquet file of each in the folder. */
export async function writeTables(connection: DuckDBConnection, folder: string, scale: number): Promise<void> {
  for (const statement of statements(scale)) await connection.run(statement)
  for (const table of TABLES) await connection.run(`copy ${table} to '${join(folder, `${table}.parquet`)}' (format parquet)`)
}
