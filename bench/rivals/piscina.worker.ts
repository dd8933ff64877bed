import { itemsFrom } from './objects.js'

export default ({ from, to }: { from: number; to: number }) => itemsFrom(from, to)
