import { MillraceError } from '../base/errors.js'
import type { Plan } from './plan.js'

/** Rows to be given to a run: an array, a generator, a Readable of objects, anything that can be iterated. */
export type RowsInput = Iterable<object> | AsyncIterable<object>

/** The rows of a run, by the name that `rows(name)` has in the flow. Each is used once. */
export type Inputs = { readonly [name: string]: RowsInput }

/** Whether a run is given what its flow reads, and nothing else. @throws MillraceError `InvalidArgument` */
export function checkInputs({ stages }: Plan, inputs: Inputs): void {
  const names = stages.flatMap(({ input }) => (input.kind === 'rows' ? [input.name] : []))
  for (const [index, name] of names.entries()) {
    const quoted = JSON.stringify(name)
    if (names.indexOf(name) < index) throw refusal(`the flow reads rows(${quoted}) twice: they come once, give each read a name of its own`)
    if (!Object.hasOwn(inputs, name)) throw refusal(`the flow reads rows(${quoted}): give them to run() as inputs[${quoted}]`)
    if (!isIterable(inputs[name]))
      throw refusal(`inputs[${quoted}]: takes an iterable or async iterable of rows, got ${typeof inputs[name]}`)
  }
  for (const name of Object.keys(inputs)) {
    const known = names.length === 0 ? 'it reads none' : `it reads ${names.map((each) => JSON.stringify(each)).join(', ')}`
    if (!names.includes(name)) throw refusal(`inputs[${JSON.stringify(name)}]: the flow reads no rows of that name; ${known}`)
  }
}

function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Symbol.iterator in value || Symbol.asyncIterator in value
}

function refusal(what: string): MillraceError {
  return new MillraceError('InvalidArgument', what)
}
