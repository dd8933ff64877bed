const GROUPED = new Intl.NumberFormat('en-US')

/** 1234567 as `1,234,567`. */
function grouped(count: number): string {
  return GROUPED.format(count)
}

/** `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Bytes in millions, one decimal. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Milliseconds as seconds, two decimals. */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(2)} s`
}
