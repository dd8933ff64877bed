import type { Ctx } from '../../src/flow.js'

export interface Word {
  word: string
  size: number
}

export function* words(line: { text: string }, ctx: Ctx<{ min: number }>): Generator<Word> {
  for (const word of line.text.split(/\W+/)) if (word.length >= ctx.params.min) yield { word, size: word.length }
}

export function long(row: { size: number }): boolean {
  return row.size > 6
}

export function shout<R extends { word: string }>(row: R): { word: string; loud: true } {
  return { word: row.word.toUpperCase(), loud: true }
}

export function ranked(row: { word: string }, ctx: Ctx<undefined, Map<string, number>>): { word: string; rank: number } {
  return { word: row.word, rank: ctx.state.get(row.word) ?? 0 }
}

export function loadRanks(): Promise<Map<string, number>> {
  return Promise.resolve(new Map([['mill', 1]]))
}

export const half = (row: { n: number }): { n: number } => ({ n: row.n / 2 })

export const notAStage = 7
