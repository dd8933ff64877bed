import { join } from 'node:path'
import type { DuckDBType } from '@duckdb/node-api'
import type { SourceColumns } from 'millrace/sql'
import { TABLES } from './tables.js'

/** The 22 queries of TPC-H, with its validation values; those without an order of all rows have one added. */
export const QUERIES: readonly string[] = [
  `select l_returnflag, l_linestatus, sum(l_quantity) sum_qty, sum(l_extendedprice) sum_base, sum(l_extendedprice * (1 - l_discount)) sum_disc,
    sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) sum_charge, avg(l_quantity) avg_qty, avg(l_extendedprice) avg_price, avg(l_discount) avg_disc, count(*) count_order
    from lineitem where l_shipdate <= date '1998-12-01' - interval 90 day group by all order by 1, 2`,
  `select s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment from part, supplier, partsupp, nation, region
    where p_partkey = ps_partkey and s_suppkey = ps_suppkey and p_size = 15 and p_type like '%BRASS' and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'EUROPE'
    and ps_supplycost = (select min(ps_supplycost) from partsupp, supplier, nation, region where p_partkey = ps_partkey and s_suppkey = ps_suppkey and s_nationkey = n_nationkey
      and n_regionkey = r_regionkey and r_name = 'EUROPE') order by s_acctbal desc, n_name, s_name, p_partkey limit 100`,
  `select l_orderkey, sum(l_extendedprice * (1 - l_discount)) revenue, o_orderdate, o_shippriority from customer, orders, lineitem
    where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate < date '1995-03-15' and l_shipdate > date '1995-03-15'
    group by l_orderkey, o_orderdate, o_shippriority order by revenue desc, o_orderdate, l_orderkey limit 10`,
  `select o_orderpriority, count(*) order_count from orders where o_orderdate >= date '1993-07-01' and o_orderdate < date '1993-10-01'
    and exists (select * from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate) group by 1 order by 1`,
  `select n_name, sum(l_extendedprice * (1 - l_discount)) revenue from customer, orders, lineitem, supplier, nation, region
    where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey and c_nationkey = s_nationkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey
    and r_name = 'ASIA' and o_orderdate >= date '1994-01-01' and o_orderdate < date '1995-01-01' group by 1 order by revenue desc`,
  `select sum(l_extendedprice * l_discount) revenue from lineitem
    where l_shipdate >= date '1994-01-01' and l_shipdate < date '1995-01-01' and l_discount between 0.049 and 0.071 and l_quantity < 24`,
  `select supp_nation, cust_nation, l_year, sum(volume) revenue from (select n1.n_name supp_nation, n2.n_name cust_nation, year(l_shipdate) l_year, l_extendedprice * (1 - l_discount) volume
    from supplier, lineitem, orders, customer, nation n1, nation n2 where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey and s_nationkey = n1.n_nationkey
    and c_nationkey = n2.n_nationkey and ((n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY') or (n1.n_name = 'GERMANY' and n2.n_name = 'FRANCE'))
    and l_shipdate between date '1995-01-01' and date '1996-12-31') group by all order by 1, 2, 3`,
  `select o_year, sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume) mkt_share from (select year(o_orderdate) o_year, l_extendedprice * (1 - l_discount) volume, n2.n_name nation
    from part, supplier, lineitem, orders, customer, nation n1, nation n2, region where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey and o_custkey = c_custkey
    and c_nationkey = n1.n_nationkey and n1.n_regionkey = r_regionkey and r_name = 'AMERICA' and s_nationkey = n2.n_nationkey
    and o_orderdate between date '1995-01-01' and date '1996-12-31' and p_type like 'ECONOMY ANODIZED %') group by 1 order by 1`,
  `select nation, o_year, sum(amount) sum_profit from (select n_name nation, year(o_orderdate) o_year, l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity amount
    from part, supplier, lineitem, partsupp, orders, nation where s_suppkey = l_suppkey and ps_suppkey = l_suppkey and ps_partkey = l_partkey and p_partkey = l_partkey
    and o_orderkey = l_orderkey and s_nationkey = n_nationkey and p_name like '%green%') group by all order by 1, 2 desc`,
  `select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) revenue, c_acctbal, n_name, c_address, c_phone, c_comment from customer, orders, lineitem, nation
    where c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate >= date '1993-10-01' and o_orderdate < date '1994-01-01' and l_returnflag = 'R' and c_nationkey = n_nationkey
    group by all order by revenue desc, c_custkey limit 20`,
  `select ps_partkey, sum(ps_supplycost * ps_availqty) v from partsupp, supplier, nation where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'JAPAN' group by 1
    having sum(ps_supplycost * ps_availqty) > (select sum(ps_supplycost * ps_availqty) * 0.001 from partsupp, supplier, nation where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'JAPAN')
    order by v desc, 1`,
  `select l_shipmode, sum(case when o_orderpriority in ('1-URGENT', '2-HIGH') then 1 else 0 end) high, sum(case when o_orderpriority not in ('1-URGENT', '2-HIGH') then 1 else 0 end) low
    from orders, lineitem where o_orderkey = l_orderkey and l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate and l_shipdate < l_commitdate
    and l_receiptdate >= date '1994-01-01' and l_receiptdate < date '1995-01-01' group by 1 order by 1`,
  `select c_count, count(*) custdist from (select c_custkey, count(o_orderkey) c_count from customer left join orders on c_custkey = o_custkey and o_comment not like '%special%requests%' group by 1)
    group by 1 order by custdist desc, c_count desc`,
  `select 100.0 * sum(case when p_type like 'PROMO%' then l_extendedprice * (1 - l_discount) else 0 end) / sum(l_extendedprice * (1 - l_discount)) promo from lineitem, part
    where l_partkey = p_partkey and l_shipdate >= date '1995-09-01' and l_shipdate < date '1995-10-01'`,
  `with revenue as (select l_suppkey supplier_no, sum(l_extendedprice * (1 - l_discount)) total from lineitem where l_shipdate >= date '1996-01-01' and l_shipdate < date '1996-04-01' group by 1)
    select s_suppkey, s_name, s_address, s_phone, total from supplier, revenue where s_suppkey = supplier_no and total > 0.999999 * (select max(total) from revenue) order by 1`,
  `select p_brand, p_type, p_size, count(distinct ps_suppkey) supplier_cnt from partsupp, part where p_partkey = ps_partkey and p_brand <> 'Brand#45' and p_type not like 'MEDIUM POLISHED%'
    and p_size in (49, 14, 23, 45, 19, 3, 36, 9) and ps_suppkey not in (select s_suppkey from supplier where s_comment like '%Customer%Complaints%') group by all order by 4 desc, 1, 2, 3`,
  `select sum(l_extendedprice) / 7.0 avg_yearly from lineitem, part where p_partkey = l_partkey and p_brand = 'Brand#23' and p_container like 'MED %'
    and l_quantity < (select 0.5 * avg(l_quantity) from lineitem where l_partkey = p_partkey)`,
  `select c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) quantity from customer, orders, lineitem
    where o_orderkey in (select l_orderkey from lineitem group by 1 having sum(l_quantity) > 250) and c_custkey = o_custkey and o_orderkey = l_orderkey
    group by all order by o_totalprice desc, o_orderdate, o_orderkey limit 100`,
  `select sum(l_extendedprice * (1 - l_discount)) revenue from lineitem, part where p_partkey = l_partkey and l_shipmode in ('AIR', 'REG AIR') and l_shipinstruct = 'DELIVER IN PERSON' and (
    (p_brand = 'Brand#12' and p_container like 'SM %' and l_quantity between 1 and 11 and p_size between 1 and 25)
    or (p_brand = 'Brand#23' and p_container like 'MED %' and l_quantity between 10 and 20 and p_size between 1 and 30)
    or (p_brand = 'Brand#34' and p_container like 'LG %' and l_quantity between 20 and 30 and p_size between 1 and 35))`,
  `select s_name, s_address from supplier, nation where s_suppkey in (select ps_suppkey from partsupp where ps_partkey in (select p_partkey from part where p_name like 'forest%')
    and ps_availqty > (select 0.5 * sum(l_quantity) from lineitem where l_partkey = ps_partkey and l_suppkey = ps_suppkey and l_shipdate >= date '1994-01-01' and l_shipdate < date '1995-01-01'))
    and s_nationkey = n_nationkey and n_name = 'CANADA' order by 1`,
  `select s_name, count(*) numwait from supplier, lineitem l1, orders, nation where s_suppkey = l1.l_suppkey and o_orderkey = l1.l_orderkey and o_orderstatus = 'F'
    and l1.l_receiptdate > l1.l_commitdate and exists (select * from lineitem l2 where l2.l_orderkey = l1.l_orderkey and l2.l_suppkey <> l1.l_suppkey)
    and not exists (select * from lineitem l3 where l3.l_orderkey = l1.l_orderkey and l3.l_suppkey <> l1.l_suppkey and l3.l_receiptdate > l3.l_commitdate)
    and s_nationkey = n_nationkey and n_name = 'SAUDI ARABIA' group by 1 order by numwait desc, 1 limit 100`,
  `select cntrycode, count(*) numcust, sum(c_acctbal) totacctbal from (select substring(c_phone, 1, 2) cntrycode, c_acctbal from customer
    where substring(c_phone, 1, 2) in ('13', '31', '23', '29', '30', '18', '17') and c_acctbal > (select avg(c_acctbal) from customer where c_acctbal > 0.0
      and substring(c_phone, 1, 2) in ('13', '31', '23', '29', '30', '18', '17')) and not exists (select * from orders where o_custkey = c_custkey)) group by 1 order by 1`,
]

/** A query over the tables as Parquet files in a folder. */
export function overFiles(query: string, folder: string): string {
  const views = TABLES.map((table) => `${table} as (from read_parquet('${join(folder, `${table}.parquet`)}'))`)
  return /^with /.test(query) ? query.replace(/^with /, `with ${views.join(', ')}, `) : `with ${views.join(', ')} ${query}`
}

/** What a statement has to declare to give what DuckDB gives, as numbers, text and dates. */
export function columnsOf(names: readonly string[], types: readonly DuckDBType[]): SourceColumns {
  const declared = types.map((type) => (String(type) === 'VARCHAR' ? 'utf8?' : String(type) === 'DATE' ? 'timestamp?' : 'float64?'))
  return Object.fromEntries(names.map((name, index) => [name, declared[index]])) as SourceColumns
}
