import { flow, lines } from 'millrace/flow'

export const words = ({ text }) => text.split(' ').map((word) => ({ word }))

/** Counts the words of a file. */
export const count = (file) =>
  flow(import.meta.url)
    .read(lines(file))
    .flatMap(words)
    .groupBy('word', (a) => ({ n: a.count() }))
    .sort('word')

export default count('words.txt')
