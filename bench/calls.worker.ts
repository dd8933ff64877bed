import { serve } from 'millrace'
import { item } from './rivals/objects.js'

export default serve({
  *items(count: number) {
    for (let id = 0; id < count; id++) yield item(id)
  },
  echo: (value: number): number => value,
})
