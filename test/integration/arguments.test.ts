import { afterAll, describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/base/error-codes.ts'
import { isWaystoneError, type WaystoneError } from '../../src/base/errors.ts'
import { count } from '../helpers/count.ts'
import { type PublicCall, publicCalls, publicObjects, publishedEntries, withoutRow } from '../helpers/public-calls.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const folder = temporaryFolder()
const calls = publicCalls(folder)

/** A Proxy of which nothing can be asked. */
function throwing<T extends object>(target: T): T {
  const refuse = () => {
    throw new TypeError('a trap of the caller threw')
  }
  const traps = Reflect.ownKeys(Reflect).filter((name) => typeof name === 'string')
  return new Proxy(target, Object.fromEntries(traps.map((name) => [name, refuse])))
}

/** A Proxy whose members have their names, and can't be read. */
function unreadable(target: object): object {
  return new Proxy(target, {
    get() {
      throw new TypeError('a member of the caller threw')
    },
  })
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** What no function of ours expects, and some do take. */
const wrong: Readonly<Record<string, (valid: unknown) => unknown>> = {
  null: () => null,
  undefined: () => undefined,
  number: () => 5,
  NaN: () => Number.NaN,
  text: () => 'x',
  array: () => [],
  'array of null': () => [null],
  object: () => ({}),
  'object without a prototype': () => Object.create(null),
  function: () => () => 1,
  bigint: () => 10n,
  symbol: () => Symbol('s'),
  'throwing Proxy': () => throwing({}),
  'throwing Proxy of a function': () => throwing(() => 1),
  'throwing Proxy of an array': () => throwing([]),
  'revoked Proxy': revoked,
  'unreadable members': (valid) => unreadable(isPlain(valid) ? valid : {}),
}

/** Whether a value is an object of the caller's own; what Waystone made, such as a workflow, is frozen and given whole. */
const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !Object.isFrozen(value)

/** One wrong call: which argument or member, and all of what is given. */
type WrongCall = readonly [what: string, given: readonly unknown[]]

/** Valid arguments with one of them, or one member of a plain object, replaced; and with a member nobody reads. */
function wrongCalls(valid: readonly unknown[]): readonly WrongCall[] {
  return valid.flatMap((argument, index) => {
    const whole = Object.entries(wrong).map(
      ([kind, make]): WrongCall => [`argument ${index}: ${kind}`, valid.with(index, make(argument))],
    )
    return [
      ...whole,
      ...wrongMembers(argument, `argument ${index}`).map(
        ([what, other]): WrongCall => [what, valid.with(index, other)],
      ),
    ]
  })
}

function wrongMembers(argument: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (!isPlain(argument)) return []
  const replaced = Object.entries(argument).flatMap(([name, member]) => [
    ...Object.entries(wrong).map(
      ([kind, make]) => [`${path}.${name}: ${kind}`, { ...argument, [name]: make(member) }] as const,
    ),
    ...wrongMembers(member, `${path}.${name}`).map(([what, other]) => [what, { ...argument, [name]: other }] as const),
  ])
  return [[`${path}: a member nobody reads`, { ...argument, 'no such': 1 }], ...replaced]
}

/** What a call gives, or an error when that takes seconds. */
async function soon(result: unknown): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('takes for ever')), 5_000)
  })
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What a call does: null when it works, else what it throws, now or by its promise or its first step. */
async function thrownBy({ call }: PublicCall, given: readonly unknown[]): Promise<unknown> {
  try {
    await soon(call(given))
    return null
  } catch (error) {
    return error
  }
}

/** What is not as `docs/errors.md` says of an error; null when all is. */
function fault(error: unknown): string | null {
  if (!isWaystoneError(error)) return `is of another hand: ${error instanceof Error ? error.stack : typeof error}`
  const { code, details, message }: WaystoneError = error
  if (!Object.hasOwn(errorCodes, code)) return `has the code ${code}, which is in no catalogue`
  if (code === 'INTERNAL_UNREACHABLE') return `calls itself a bug: ${message}`
  if (message === '') return 'has no message'
  if (JSON.stringify(JSON.parse(JSON.stringify(details))) !== JSON.stringify(details))
    return 'has details that are no JSON'
  const isText = (name: string) => typeof details[name] === 'string' && details[name] !== ''
  if (code === 'ARGUMENT_INVALID' && !(isText('parameter') && isText('got'))) {
    return `says in no details which parameter it is about, and what came: ${message}`
  }
  if (code === 'OPTION_UNKNOWN' && !(Array.isArray(details['unknown']) && Array.isArray(details['known']))) {
    return `says in no details which option is unknown, and which are known: ${message}`
  }
  return null
}

describe('the table of public functions', () => {
  it('has every function and class of the published entries, but those with a reason', () => {
    const names = new Set(calls.map(({ name }) => name))
    const exported = Object.values(publishedEntries).flatMap((entry) =>
      Object.entries(entry).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
    )
    expect(exported.length).toBeGreaterThan(40)
    expect(exported.filter((name) => !names.has(name) && withoutRow[name] === undefined)).toEqual([])
    expect(Object.keys(withoutRow).filter((name) => !exported.includes(name) || names.has(name))).toEqual([])
  })

  it.each(Object.entries(publicObjects(folder)))('has every method of %s that takes arguments', async (of, object) => {
    const names = calls.flatMap(({ name }) => (name.startsWith(`${of}.`) ? [name.slice(of.length + 1)] : []))
    expect((await methodsOf(await object)).filter((name) => !names.includes(name))).toEqual([])
  })
})

/** Methods of an object, its own or its class's, that take arguments. */
function methodsOf(object: object): readonly string[] {
  const prototype = Object.getPrototypeOf(object) as object
  const holders = prototype === Object.prototype ? [object] : [object, prototype]
  return holders.flatMap((holder) =>
    Object.entries(Object.getOwnPropertyDescriptors(holder)).flatMap(([name, { value }]) =>
      typeof value === 'function' && name !== 'constructor' && /^[^(]*\([^)]/.test(String(value)) ? [name] : [],
    ),
  )
}

describe('a public function', () => {
  let tried = 0
  afterAll(() => count('wrong arguments', tried))

  it.each(calls.map((call) => [call.name, call] as const))('%s takes the arguments of its row', async (_, call) => {
    const error = await thrownBy(call, await call.valid())
    // Some of them ask for what is not there: that is told by a code of its own.
    if (error !== null) {
      expect(fault(error)).toBeNull()
      expect(['BLOB_MISSING', 'RUN_NOT_STARTED', 'RUN_ENDED', 'RUN_REJECTED', 'TOKEN_INVALID']).toContain(
        (error as WaystoneError).code,
      )
    }
  })

  it.each(calls.map((call) => [call.name, call] as const))(
    '%s, given what it does not expect, does its work or throws an error of ours that says what came',
    async (_, call) => {
      const faults: string[] = []
      const rounds = wrongCalls(await call.valid()).length
      for (let round = 0; round < rounds; round += 1) {
        // Made anew, since a call may use its arguments up.
        const [what, given] = wrongCalls(await call.valid())[round]!
        tried += 1
        const error = await thrownBy(call, given)
        const found = error === null ? null : fault(error)
        if (found !== null) faults.push(`${what}: ${found}`)
      }
      expect(faults).toEqual([])
    },
  )
})
