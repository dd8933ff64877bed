import { countInOneThread, ordered } from '../../examples/word-pairs/single.js'
import { countPairs, TEXT } from '../../examples/word-pairs/stages.js'
import { equalsOneThread, inProject } from './support.js'

equalsOneThread('all word pairs', countPairs(inProject(TEXT)), async () => ordered(await countInOneThread(inProject(TEXT))))
