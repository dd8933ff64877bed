export function widen(row: { n: number }): { n: number; twice: number } {
  return { n: row.n, twice: 2 * row.n }
}

/** Everything a batch can hold, and nulls. */
export function everything({ n }: { n: number }): Record<string, unknown> {
  if (n % 3 === 2) return { n, b: null, f: null, i: null, t: null, d: null, y: null, l: null, s: null, none: null }
  return {
    n,
    b: n % 2 === 0,
    f: n / 8,
    i: BigInt(n) * 2n ** 40n,
    t: `naïve ${'x'.repeat(n % 20)}`,
    d: new Date(n * 1000 - 5),
    y: new Uint8Array([n, 0, 255]),
    l: [n, null, n + 1],
    s: { a: `a${n}`, in: [{ z: n }] },
    none: null,
  }
}

/** Columns and fields that come later than others. */
export function late({ n }: { n: number }): Record<string, unknown> {
  if (n < 3000) return { n, x: null, s: { a: n, l: [] } }
  return { n, x: `x${n}`, s: { a: n, b: 'b', l: [{ q: n }] }, more: BigInt(n) }
}

export function emptyObject({ n }: { n: number }): { n: number; o: object } {
  return { n, o: {} }
}

export function failing({ n }: { n: number }): { n: number } {
  if (n === 7) throw new RangeError('seven')
  return { n }
}

export function same<R extends object>(row: R): R {
  return row
}
