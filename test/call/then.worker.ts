import { serve } from '../../src/index.js'

// biome-ignore lint/suspicious/noThenProperty: that is what is refused
export default serve({ then: () => 1 })
