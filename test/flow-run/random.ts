import fc from 'fast-check'
import {
  dealOut,
  distinct,
  filterEven,
  flatMapRepeated,
  gather,
  group,
  hash,
  inBatches,
  inColumns,
  inPromises,
  type JoinKind,
  join,
  limit,
  mapSame,
  mapTagged,
  perGroup,
  type Right,
  reduceGroup,
  type Step,
  SUFFIX,
  sort,
  topPerGroup,
  union,
} from './oracle.js'

/** Steps whose rows a plain program knows, whatever is in front of them. */
export const itemStep = fc.oneof(
  fc.constantFrom(
    mapTagged,
    filterEven,
    mapSame,
    hash('group'),
    hash('id'),
    hash('raw', 'group'),
    sort('-id'),
    dealOut,
    gather,
    distinct,
    inBatches,
    inColumns,
    inPromises,
    topPerGroup(2),
  ),
  fc.integer({ min: 0, max: 3 }).map(flatMapRepeated),
)
/** Ends of flows: an order that they promise, or groups. */
export const ending = fc.constantFrom<Step[]>(
  [],
  [group('group')],
  [group('raw')],
  [group('id', 'raw')],
  [sort('-raw', 'id', 'value')],
  [group('value'), hash('rows')],
  [sort('value', 'id', 'copy', 'group')],
  // By all columns that there may be, so that the first rows are the same ones.
  [sort('-group', 'id', 'copy', 'value', ...['id', 'group', 'value'].map((name) => `${name}${SUFFIX}`)), limit(17)],
  [group('group'), sort('-rows', 'group'), limit(5)],
  [perGroup],
  [reduceGroup],
)
const item = fc.record(
  {
    id: fc.integer({ min: 0, max: 50 }),
    group: fc.option(fc.constantFrom('', 'a', 'b\u0000', 'ß', '日本', '😀'), { nil: null }),
    value: fc.option(fc.integer({ min: -40, max: 40 }).map((n) => n / 4)),
  },
  { requiredKeys: ['id'] },
)

/** With a list and an object that the columns of a row decide, so that rows that are equal in these are equal in all. */
export const nestedItem = item.map((row) => ({
  ...row,
  ...(row.id % 4 > 0 && { tags: [row.group ?? null, `t${row.id % 3}`, null].slice(row.id % 4) }),
  at: row.id % 3 === 0 ? null : { ...(row.id % 2 === 0 && { x: row.id }), in: [{ value: row.value ?? null }, null].slice(row.id % 2) },
}))

/** What brings in other rows, given those. */
export const combine = fc.oneof(
  fc
    .record({
      kind: fc.constantFrom<JoinKind>('inner', 'left', 'semi', 'anti'),
      on: fc.constantFrom(
        { group: 'group' },
        { id: 'id' },
        { group: 'group', id: 'id' },
        { value: 'value' },
        { id: 'value' },
        { raw: 'raw' },
      ),
      exchange: fc.constantFrom('hash' as const, 'broadcast' as const),
    })
    .map(({ kind, on, exchange }) => (right: Right): Step[] => [join(kind, on, exchange, right)]),
  fc.constant((right: Right): Step[] => [union(right)]),
  fc.constant((): Step[] => []),
)

/** The same once more. */
export const again = fc.constantFrom<(right: Right) => Step[]>(
  () => [],
  () => [],
  (right) => [union(right)],
  (right) => [join('semi', { id: 'id' }, 'broadcast', right)],
  (right) => [join('anti', { group: 'group' }, 'hash', right)],
)

/** The steps of these other rows. */
export const before = fc.constantFrom<Step[]>(
  [],
  [],
  [filterEven],
  [hash('id'), distinct],
  [gather],
  [sort('-id', 'group', 'value'), limit(7)],
)
