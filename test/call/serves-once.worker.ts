import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { serve } from '../../src/index.js'

/** Where this is imported again after `spoil`, it throws; the start with the number `late` throws too, once it is told to. */
const { searchParams } = new URL(import.meta.url)
const spoiled = searchParams.get('spoiled') as string
const counted = `${spoiled}.starts`
writeFileSync(counted, '.', { flag: 'a' })
if (readFileSync(counted).length === Number(searchParams.get('late'))) {
  while (!existsSync(`${spoiled}.now`));
  throw new Error('late')
}
if (existsSync(spoiled)) throw new Error('spoiled')

export default serve({
  echo: (value: unknown) => value,
  exit: () => process.exit(1),
  spoil: () => {
    writeFileSync(spoiled, '')
    process.exit(1)
  },
})
