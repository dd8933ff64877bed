import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { serve } from '../../src/index.js'

/**
 * Where this is imported again after `spoil`, it throws; the start with the number `late` throws too, once it is told to. Where there is `first`,
 * one start, the first to come, waits until it is told.
 */
const { searchParams } = new URL(import.meta.url)
const spoiled = searchParams.get('spoiled') as string
const counted = `${spoiled}.starts`
writeFileSync(counted, '.', { flag: 'a' })
if (readFileSync(counted).length === Number(searchParams.get('late'))) {
  while (!existsSync(`${spoiled}.now`));
  throw new Error('late')
}
if (searchParams.has('first') && isFirst()) while (!existsSync(`${spoiled}.now`));
else if (existsSync(spoiled)) throw new Error('spoiled')

function isFirst(): boolean {
  try {
    writeFileSync(`${spoiled}.first`, '', { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

export default serve({
  echo: (value: unknown) => value,
  exit: () => process.exit(1),
  spoil: () => {
    writeFileSync(spoiled, '')
    process.exit(1)
  },
})
