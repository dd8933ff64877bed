import { serve } from '../../src/index.js'

// The import of this module never ends.
await new Promise(() => {})

export default serve({ echo: (value: unknown) => value })
