import { jsonText } from '../flow/sinks/json-text.js'

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 })
const SMALL = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 })

/** Written in full, digits grouped, up to three decimals; the very large and very small as JavaScript writes them. */
function numberText(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value) || size >= 1e15) return String(value)
  if (size !== 0 && size < 1e-6) return value.toPrecision(4)
  return (size !== 0 && size < 1 ? SMALL : GROUPED).format(value)
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Control characters, line and paragraph separators, and marks that turn the direction of text. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** What cannot be seen is shown as an escape, not sent: data must not move the cursor or colour the terminal. */
function visible(text: string): string {
  return text.replace(UNSEEN, (char) => NAMED[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** No terminal is wider; measuring megabytes of text for a cell would hold the thread up. */
const TEXT_LENGTH_MAX = 2000

function short(text: string): string {
  return visible(text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text)
}

/** A value as a table shows it. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'bigint') return GROUPED.format(value)
  if (typeof value === 'string') return short(value)
  const json = jsonText(value)
  return short(value instanceof Date || ArrayBuffer.isView(value) ? json.replaceAll('"', '') : json)
}

/** Numbers stand at the right edge of their column. */
export function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}
