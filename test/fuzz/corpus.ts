/**
 * Bytes that were worth keeping, in hex: what once brought about something else than a value or a named error, and what looks as if it could.
 * `value` is the payload of a clone entry, `message` a message of a call, `error` the payload of an ERROR, `batch` a message of a flow.
 */
interface Kept {
  readonly what: string
  readonly as: 'value' | 'message' | 'error' | 'batch'
  readonly hex: string
}

/** Begins every clone: V8's version 15. */
const V8 = 'ff0f'

export const CORPUS: readonly Kept[] = [
  { what: 'a number of no bytes at the end', as: 'message', hex: '0000002000000000' },
  { what: 'a number of four bytes', as: 'message', hex: '040000200000000000000000' },
  { what: 'a number whose payload is the next entry', as: 'message', hex: '00000020000000000000004000000000' },
  { what: 'an entry of 256 MiB', as: 'message', hex: 'ffffff1f00000000' },
  { what: 'half a header', as: 'message', hex: '0000' },
  { what: 'nothing', as: 'message', hex: '' },
  { what: 'the raw mark among entries', as: 'message', hex: '00000040000000000000005000000000' },
  { what: 'an entry of no kind', as: 'message', hex: '00000060000000000000000000000000' },
  { what: 'a clone of nothing', as: 'value', hex: '' },
  { what: 'a clone of an older V8', as: 'value', hex: 'ff0c6f7b00' },
  { what: 'a clone of a newer V8', as: 'value', hex: 'ff630000' },
  { what: 'an array in an array, two hundred thousand deep', as: 'value', hex: `${V8}${'4101'.repeat(200_000)}` },
  { what: 'an array of four billion, dense', as: 'value', hex: `${V8}41ffffffff0f` },
  { what: 'an array of four billion, empty', as: 'value', hex: `${V8}61ffffffff0f4000ffffffff0f` },
  { what: 'a sparse array of 2^25 - 1, in an array', as: 'value', hex: `${V8}410161ffffff0f4000ffffff0f240001` },
  { what: 'six sparse arrays of 2^25 - 1', as: 'value', hex: `${V8}4106${'61ffffff0f4000ffffff0f'.repeat(6)}240006` },
  { what: 'a buffer of two gigabytes', as: 'value', hex: `${V8}428080808008` },
  { what: 'a buffer that may grow to four gigabytes', as: 'value', hex: `${V8}7e08ffffffff0f0000000000000000` },
  { what: 'a buffer that may grow to a terabyte', as: 'value', hex: `${V8}7e088080808080200000000000000000` },
  { what: 'shared memory that was never handed over', as: 'value', hex: `${V8}7500` },
  { what: 'a module that was never handed over', as: 'value', hex: `${V8}7700` },
  { what: 'a transferred buffer', as: 'value', hex: `${V8}7400` },
  { what: 'a view of no known type', as: 'value', hex: `${V8}5c63040000000000000000` },
  { what: 'a view longer than the clone', as: 'value', hex: `${V8}5c018080808008` },
  { what: 'a view of words at an odd place', as: 'value', hex: `${V8}5c0304010203040506` },
  { what: 'a big integer of a gigabyte', as: 'value', hex: `${V8}5a8080808004` },
  { what: 'a regular expression that is none', as: 'value', hex: `${V8}5222012800` },
  { what: 'a string of two gigabytes', as: 'value', hex: `${V8}228080808008` },
  { what: 'half a character', as: 'value', hex: `${V8}6303010203` },
  { what: 'an object that was not there before', as: 'value', hex: `${V8}5effffffff0f` },
  { what: 'an error that is its own cause', as: 'value', hex: `${V8}72635e002e` },
  { what: 'no error', as: 'error', hex: '00' },
  { what: 'an error of no rank', as: 'error', hex: '03' },
  { what: 'an error that is null', as: 'error', hex: `00${V8}30` },
  { what: 'an error that is a number', as: 'error', hex: `00${V8}490a` },
  { what: 'an error without name and message', as: 'error', hex: `00${V8}6f7b00` },
  {
    what: 'four billion elements that were thrown',
    as: 'error',
    hex: `00${V8}6f22046e616d65220022076d657373616765220022067468726f776e6f220576616c756561ffffffff0f4000ffffffff0f7b017b03`,
  },
  { what: 'no batch', as: 'batch', hex: '' },
  { what: 'a batch of a million rows without columns', as: 'batch', hex: '4d524231000000000000100000000100' },
  { what: 'a batch of four billion rows', as: 'batch', hex: '4d52423100000000ffffffff00000100' },
  { what: 'a batch of 65,535 columns', as: 'batch', hex: '4d5242310000000001000000ffff0100' },
  {
    what: 'a batch of a million nulls in one column',
    as: 'batch',
    hex: '4d524231000000000000100001000100000000000000100000000000010000006100000000000000',
  },
  { what: 'a batch whose name has four gigabytes', as: 'batch', hex: '4d524231000000000100000001000100020000000000000000000000ffffffff' },
]
