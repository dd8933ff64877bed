import type { Dice } from '../fuzz/dice.js'
import { type Column, KEY_KINDS, list, pickKind, quoted } from './columns.js'
import type { Maker } from './maker.js'
import { type Apply, called, type Terms } from './step.js'
import { afterFilter, changed, selected, type Table } from './table.js'
import { shape } from './twins.js'

const JOINS = ['inner', 'left', 'semi', 'anti'] as const
const EXCHANGES = ['hash', 'broadcast'] as const
type JoinKind = (typeof JOINS)[number]
export type JoinOp = `${JoinKind} ${(typeof EXCHANGES)[number]}`

export const JOIN_OPS = JOINS.flatMap((kind) => EXCHANGES.map((exchange): JoinOp => `${kind} ${exchange}`))

export const joins =
  (op: JoinOp): Apply =>
  (maker, table, { dice, right: drawRight, byNumber }) => {
    const [kind, exchange] = op.split(' ') as [JoinKind, string]
    const right = drawRight()
    const pairs = byNumber ? drawNumber(table.columns, dice) : drawPairs(table.columns, right.columns, dice)
    if (pairs.length === 0) return undefined
    const suffix = `_${maker.fresh()}`
    const on = Object.fromEntries(pairs.map(([here, there]) => [here, there]))
    const job = table.job.join(right.job, { on, kind, exchange, suffix } as never)
    const matches = pairs.map(([here, there]) => `l.${quoted(here)} = r.${quoted(there)}`).join(' AND ')
    const plain = { ...table, order: undefined }
    maker.keys(
      table,
      pairs.map(([here]) => here),
    )
    maker.keys(
      right,
      pairs.map(([, there]) => there),
    )
    if (kind === 'semi' || kind === 'anti') {
      const exists = `${kind === 'anti' ? 'NOT ' : ''}EXISTS (FROM ${right.name} r WHERE ${matches})`
      const name = maker.create(`SELECT ${selected(plain)} FROM ${table.name} l WHERE ${exists}`)
      return { ...plain, job, name, bound: afterFilter(table.bound, table.name, name) }
    }
    const theirs = right.columns.filter(({ name }) => pairs.every(([, there]) => there !== name))
    const added = theirs.map((each) => ({ ...each, name: `${each.name}${suffix}` }))
    const ours = table.columns.map(({ name }) => `l.${quoted(name)}`)
    const columns = list([...ours, ...theirs.map(({ name }, index) => `r.${quoted(name)} AS ${quoted(added[index].name)}`)])
    const name = maker.create(`SELECT ${columns} FROM ${table.name} l ${kind === 'left' ? 'LEFT ' : ''}JOIN ${right.name} r ON ${matches}`)
    const bound = changed(table.bound, ([least], count) => [kind === 'left' ? least : 0, count(name)])
    return { ...plain, job, name, columns: [...table.columns, ...added], bound }
  }

function drawNumber(left: readonly Column[], dice: Dice): [string, string][] {
  const here = left.find(({ name }) => name === 'n') ?? pickKind(left, 'number', dice)
  return here === undefined ? [] : [[here.name, 'n']]
}

/** One or two pairs of columns of one kind, no column twice. */
function drawPairs(left: readonly Column[], right: readonly Column[], dice: Dice): [string, string][] {
  const kinds = KEY_KINDS.filter((kind) => [left, right].every((columns) => columns.some((each) => each.kind === kind)))
  if (kinds.length === 0) return []
  const pairs: [string, string][] = []
  for (let times = 1 + dice.int(2); times > 0; times--) {
    const kind = dice.pick(kinds)
    const here = pickKind(left, kind, dice) as Column
    const like = dice.chance(0.7) ? right.find(({ name }) => name === here.name) : undefined
    const there = like?.kind === kind ? like : (pickKind(right, kind, dice) as Column)
    if (pairs.every((pair) => pair[0] !== here.name && pair[1] !== there.name)) pairs.push([here.name, there.name])
  }
  return pairs
}

export function union(maker: Maker, table: Table, { dice, right: drawRight }: Terms): Table {
  const plain = { ...table, order: undefined }
  const itself = dice.chance(0.3)
  const other = itself ? plain : shapedLike(maker, table.columns, drawRight(), dice)
  const name = maker.create(`SELECT ${selected(plain)} FROM ${table.name} UNION ALL SELECT ${selected(plain)} FROM ${other.name}`)
  const bound = changed(table.bound, ([least, most], count) =>
    itself ? [2 * least, 2 * most] : [least + count(other.name), most + count(other.name)],
  )
  const addsExactly = (each: Column): boolean => other.columns.every(({ name: same, ...more }) => same !== each.name || more.addsExactly)
  const columns = table.columns.map((each) => ({ ...each, addsExactly: each.addsExactly && addsExactly(each) }))
  return { ...plain, job: table.job.union(other.job), name, columns, bound }
}

/** A table with the names and kinds of other columns. */
function shapedLike(maker: Maker, columns: readonly Column[], table: Table, dice: Dice): Table {
  const twin = shape(columns.map((like) => ({ as: like.name, from: pickKind(table.columns, like.kind, dice) ?? { missing: like } })))
  const name = maker.create(`SELECT ${selected({ columns: twin.columns, order: undefined }, twin.set)} FROM ${table.name}`)
  return { ...table, job: called(table.job, 'map', twin), name, columns: twin.columns, order: undefined }
}
