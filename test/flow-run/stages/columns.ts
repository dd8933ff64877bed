import type { Ctx } from 'millrace/flow'

type Line = { text: string; file: string; offset: number }

/** Integers, and one float where the line says so. */
export function toNumber(line: Line): { n: number | null; text: string } {
  return { n: line.text === 'null' ? null : Number(line.text), text: line.text }
}

/** A number or, where the line begins with a letter, text: what no column can hold together. */
export function toMixed(line: Line): { key: string; mixed: number | string } {
  return { key: line.text.slice(-2), mixed: /^[a-z]/.test(line.text) ? line.text : Number(line.text) }
}

/** The same inside a list in an object. */
export function toMixedInside(line: Line): { mixed: { list: (number | string)[] } } {
  return { mixed: { list: [toMixed(line).mixed] } }
}

export function kinds(line: Line): object {
  const n = Number(line.text)
  return { n, big: BigInt(n) ** 3n, date: new Date(n * 1000), yes: n % 2 === 0, no: n % 3 === 0 ? null : `é\u0000${n}😀`, not: null }
}

/** Lists and objects in which every kind of value is, and nulls anywhere. */
export function nestedKinds(line: Line): object {
  const n = Number(line.text)
  const inside = {
    n: n / 4,
    big: BigInt(n) ** 3n,
    date: new Date(n * 1000),
    yes: n % 2 === 0,
    text: `é\u0000${n}😀`,
    raw: new Uint8Array([n, n >> 8]),
  }
  return {
    n,
    raw: inside.raw,
    empty: n % 3 === 0 ? [] : n % 3 === 1 ? null : [null],
    list: Array.from({ length: n % 4 }, (_none, i) => (i === 2 ? null : n + i)),
    object: n % 5 === 0 ? null : inside,
    deep: [{ ...inside, lists: [[inside.date], [], null] }, null],
  }
}

/** Each worker brings columns of its own. */
export function ownColumns(line: Line, ctx: Ctx): object {
  return { n: Number(line.text), [`worker${ctx.worker}`]: true }
}
