import { MillraceError } from '../base/errors.js'

/** A name in a statement, made by `ident`. */
export class Identifier {
  /** @internal */
  constructor(readonly text: string) {}
}

/**
 * A name of a column, table or function, quoted: for names that are not known when the statement is written. `ident('a', 'b')` is `"a"."b"`.
 *
 * @throws MillraceError `InvalidArgument`
 */
export function ident(...names: [string, ...string[]]): Identifier {
  for (const name of names) {
    if (typeof name !== 'string' || name === '' || name.includes('\0'))
      throw new MillraceError('InvalidArgument', `ident() takes a name, got ${JSON.stringify(name)}`)
  }
  if (names.length === 0) throw new MillraceError('InvalidArgument', 'ident() takes at least one name')
  return new Identifier(names.map(quoted).join('.'))
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
