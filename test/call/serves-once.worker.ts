import { existsSync, writeFileSync } from 'node:fs'
import { serve } from '../../src/index.js'

/** Where this is imported again after `spoil`, it throws. */
const spoiled = new URL(import.meta.url).searchParams.get('spoiled') as string
const counted = `${spoiled}.starts`
writeFileSync(counted, '.', { flag: 'a' })
if (existsSync(spoiled)) throw new Error('spoiled')

export default serve({
  echo: (value: unknown) => value,
  exit: () => process.exit(1),
  spoil: () => {
    writeFileSync(spoiled, '')
    process.exit(1)
  },
})
