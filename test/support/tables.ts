/** One row of a Markdown table: the header's cells are the keys. Code marks around a whole cell are taken off. */
export type TableRow = Readonly<Record<string, string>>

/**
 * The first table below the heading whose text is `heading` (any level), as rows.
 * Throws where the heading or the table is missing, and where a row has another number of cells than the header.
 */
export function parseTable(markdown: string, heading: string): TableRow[] {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '').trim() === heading)
  if (start < 0) throw new Error(`no heading "${heading}"`)
  const [header, , ...rows] = tableLines(lines.slice(start + 1))
  if (header === undefined) throw new Error(`no table below "${heading}"`)
  const keys = cells(header)
  return rows.map((row) => toRow(keys, cells(row), heading))
}

/** The lines of the first table before the next heading. */
function tableLines(lines: readonly string[]): string[] {
  const end = lines.findIndex((line) => /^#+ /.test(line))
  const section = end < 0 ? lines : lines.slice(0, end)
  const first = section.findIndex((line) => line.startsWith('|'))
  if (first < 0) return []
  const after = section.findIndex((line, index) => index > first && !line.startsWith('|'))
  return section.slice(first, after < 0 ? undefined : after)
}

function cells(line: string): string[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '')
  return inner.split(/(?<!\\)\|/).map((cell) =>
    cell
      .trim()
      .replaceAll('\\|', '|')
      .replace(/^`([^`]*)`$/, '$1'),
  )
}

function toRow(keys: readonly string[], values: readonly string[], heading: string): TableRow {
  if (values.length !== keys.length)
    throw new Error(`below "${heading}": ${values.length} cells for ${keys.length} columns: ${values.join(' | ')}`)
  return Object.fromEntries(keys.map((key, index) => [key, values[index]!]))
}
