import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeParams, encodeParams, env } from '../../src/flow/param-codec.js'
import { flow, jsonl, type Plan, setParams } from '../../src/flow.js'
import { long, shout } from './stages.js'

function planOf(first: object, second: object): Promise<Plan> {
  return flow('file:///stages.js')
    .read(jsonl<{ word: string; size: number }>('w.jsonl'))
    .filter(long, { params: first })
    .map(shout, { params: second })
    .plan()
}

function paramsOf(plan: Plan): object[] {
  return plan.stages[0].operators.map((operator) => decodeParams(('params' in operator && operator.params) || {}))
}

test('a name sets the parameter in every stage that declares it, and the given plan stays as it was', async () => {
  const plan = await planOf({ min: 3, max: 9 }, { min: 4 })
  assert.deepEqual(paramsOf(setParams(plan, { min: '5' })), [{ min: 5, max: 9 }, { min: 5 }])
  assert.deepEqual(paramsOf(plan), [{ min: 3, max: 9 }, { min: 4 }])
})

test('stage.name sets it in that stage alone and wins over the bare name', async () => {
  const plan = await planOf({ min: 3 }, { min: 4 })
  assert.deepEqual(paramsOf(setParams(plan, { 'shout.min': '7' })), [{ min: 3 }, { min: 7 }])
  assert.deepEqual(paramsOf(setParams(plan, { 'shout.min': '7', min: '1' })), [{ min: 1 }, { min: 7 }])
})

test('text is parsed by the type of the present value', async () => {
  const present = { n: 1, big: 1n, on: false, text: 'x', when: new Date(0), list: [1], shape: { a: 1 }, nothing: null, word: null }
  const plan = await planOf(present, {})
  const given = {
    n: '-2.5e3',
    big: '9007199254740993',
    on: 'true',
    text: '12',
    when: '2020-01-01T00:00:00Z',
    list: '[2,3]',
    shape: '{"b":2}',
    nothing: '3',
    word: 'abc',
  }
  const expected = {
    n: -2500,
    big: 9007199254740993n,
    on: true,
    text: '12',
    when: new Date('2020-01-01'),
    list: [2, 3],
    shape: { b: 2 },
    nothing: 3,
    word: 'abc',
  }
  assert.deepEqual(paramsOf(setParams(plan, given))[0], expected)
})

test('values that are no text are taken as they are when they are of the same type', async () => {
  const plan = await planOf({ n: 1, list: [1] }, {})
  assert.deepEqual(paramsOf(setParams(plan, { n: 2, list: ['a'] }))[0], { n: 2, list: ['a'] })
  assert.throws(() => setParams(plan, { n: true }), { code: 'ParamInvalid', message: /"n" is a number, which boolean true is not/ })
})

test('text that is not of the type is an error that says the type', async () => {
  const plan = await planOf({ n: 1, big: 1n, on: false, when: new Date(0), list: [1] }, {})
  for (const [name, text, kind] of [
    ['n', 'abc', 'number'],
    ['n', '', 'number'],
    ['n', '1x', 'number'],
    ['big', '1.5', 'bigint'],
    ['on', 'yes', 'boolean'],
    ['when', 'soon', 'date'],
    ['list', '{', 'array'],
    ['list', '{"a":1}', 'array'],
  ]) {
    assert.throws(
      () => setParams(plan, { [name]: text }),
      { code: 'ParamInvalid', message: new RegExp(`"${name}" is a ${kind}`) },
      `${name}=${text}`,
    )
  }
})

test('an unknown name is an error that lists the known ones', async () => {
  const plan = await planOf({ min: 3 }, { depth: 1 })
  assert.throws(() => setParams(plan, { mni: '1' }), {
    code: 'ParamUnknown',
    message: 'unknown parameter "mni": known are depth, long.min, min, shout.depth',
  })
  assert.throws(() => setParams(plan, { 'shout.min': '1' }), { code: 'ParamUnknown' })
  const none = await flow('file:///stages.js').read(jsonl('w.jsonl')).plan()
  assert.throws(() => setParams(none, { toString: '1' }), { code: 'ParamUnknown', message: /no stage of this flow declares any/ })
})

test('run takes parameters by the same rules', () => {
  const job = flow('file:///stages.js')
    .read(jsonl<{ word: string }>('w.jsonl'))
    .map(shout, { params: { min: 1 } })
  assert.throws(() => job.run({ params: { mni: 1 } }), { code: 'ParamUnknown' })
})

/** To some versions of Node an invalid date is not equal to another. */
function comparable(value: unknown): unknown {
  if (value instanceof Date) return ['a date', value.getTime()]
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, comparable(each)]))
}

test('parameters come back as they were after the plan was written as JSON', () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 9 }).map((bytes) => new Uint8Array(bytes)),
  )
  const key = fc.oneof(fc.string(), fc.constantFrom('$int64', '$object', '$date', '__proto__', 'constructor'))
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(key, tie('any'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).any
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true }), (params) => {
      const travelled = decodeParams(JSON.parse(JSON.stringify(encodeParams(params, 'p'))))
      assert.deepEqual(comparable(travelled), comparable(params))
      assert.equal(Object.getPrototypeOf(travelled), Object.prototype)
    }),
  )
})

test('what cannot travel is refused with its place', () => {
  const circle: unknown[] = []
  circle.push({ again: circle })
  const refused: [unknown, RegExp][] = [
    [{ deep: [1, { f: () => 1 }] }, /p\.deep\[1\]\.f is function/],
    [new Map(), /p is an instance of Map/],
    [Symbol('s'), /p is symbol/],
    [circle, /p\[0\]\.again is circular/],
    [[undefined], /p\[0\] is undefined/],
    [new (class Mine {})(), /instance of Mine/],
  ]
  for (const [value, message] of refused) assert.throws(() => encodeParams({ p: value }, 'x'), { code: 'ParamInvalid', message })
})

test('a variable of the environment is looked up by the worker alone, and neither plan nor text has its value', async () => {
  process.env.MILLRACE_TEST_SECRET = 'hush'
  const job = flow('file:///stages.js')
    .read(jsonl<{ word: string; size: number }>('w.jsonl'))
    .map(shout, { params: { key: env('MILLRACE_TEST_SECRET'), deep: [{ key: env('MILLRACE_TEST_UNSET') }] } })
  const plan = JSON.parse(JSON.stringify(await job.plan())) as Plan
  assert.ok(!JSON.stringify(plan).includes('hush'))
  assert.match(await job.explain(), /map shout \{ key: env\(MILLRACE_TEST_SECRET\)/)
  const { params = {} } = plan.stages[0].operators[0] as { params?: object }
  assert.throws(() => decodeParams(params), { code: 'ParamInvalid', message: /env\("MILLRACE_TEST_UNSET"\)/ })
  assert.deepEqual(decodeParams(params, { MILLRACE_TEST_SECRET: 'a', MILLRACE_TEST_UNSET: '' }), { key: 'a', deep: [{ key: '' }] })
  assert.deepEqual(paramsOf(setParams(plan, { key: '12', deep: '[]' })), [{ key: '12', deep: [] }])
  delete process.env.MILLRACE_TEST_SECRET
  assert.throws(() => env(''), { code: 'InvalidArgument' })
})
