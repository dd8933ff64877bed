import { countInOneThread, ordered } from '../../examples/word-pairs/single.js'
import { countPairs } from '../../examples/word-pairs/stages.js'
import { equalsOneThread, inProject } from './support.js'

const SAMPLE = inProject('node_modules/@types/node/**/*.{md,d.ts,json}')

// Other numbers of workers are tried with generated text in test/flow-run, and with all of this text in full.
equalsOneThread('word pairs of a sample', countPairs(SAMPLE), async () => ordered(await countInOneThread(SAMPLE)), [2])
