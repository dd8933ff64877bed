import { type Bench, type Figure, holds, machine } from './harness.js'

const digits = (value: number): string =>
  Number.isInteger(value) ? String(value) : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

/** One line of JSON for one figure. */
export function asJson(bench: Bench, { name, ratio, spread, unit, detail }: Figure): string {
  const { floor, aim, better } = bench
  return JSON.stringify({ name, ratio, spread, unit, floor, aim, better, detail, machine: machine() })
}

/** One line of text for one figure, and one for what stands behind it. */
export function asText(bench: Bench, figure: Figure): string {
  const verdict = !holds(bench, figure, 'floor') ? 'BELOW THE FLOOR' : holds(bench, figure, 'aim') ? 'aim reached' : 'floor holds'
  const unit = figure.unit === 'x' ? 'x' : ` ${figure.unit}`
  const [least, greatest] = figure.spread
  const sign = bench.better === 'higher' ? '>=' : '<='
  const detail = Object.entries(figure.detail).map(([name, value]) => `${name} ${typeof value === 'number' ? digits(value) : value}`)
  return [
    `${figure.name}: ${digits(figure.ratio)}${unit} (${digits(least)} to ${digits(greatest)}), floor ${sign} ${bench.floor}, aim ${sign} ${bench.aim}: ${verdict}`,
    ...(detail.length > 0 ? [`    ${detail.join(', ')}`] : []),
  ].join('\n')
}
