import { nativeName } from './brand.ts'

/** The classes of errors a document may name; everything else is the nearest of them, or a registered class. */
const constructors: ReadonlyMap<string, new (message?: string) => Error> = new Map<
  string,
  new (
    message?: string,
  ) => Error
>([
  ['Error', Error],
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
])

const names = new Map<object, string>(
  [...constructors].map(([name, constructor]) => [constructor.prototype as object, name]),
)
names.set(AggregateError.prototype, 'AggregateError')
names.set(DOMException.prototype, 'DOMException')

const toTag = Object.prototype.toString

/** Whether a value is an error: made by an error class here or in another realm, or inheriting from one in the old way. */
export function isErrorValue(value: object): boolean {
  return value instanceof Error || (!(Symbol.toStringTag in value) && toTag.call(value) === '[object Error]')
}

/** The nearest class of the closed list on an error's prototype chain. */
export function errorClass(error: object): string {
  let prototype: object | null = Object.getPrototypeOf(error) as object | null
  while (prototype !== null) {
    const name = names.get(prototype) ?? nativeName(prototype)
    if (name !== undefined && isErrorClass(name)) return name
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  return 'Error'
}

/** Whether a document may name this class of errors. */
export function isErrorClass(name: string): boolean {
  return constructors.has(name) || name === 'AggregateError' || name === 'DOMException'
}

/** What `name` is on an error of a class that was not given another. */
export function defaultErrorName(className: string): string {
  return className === 'DOMException' ? 'Error' : className
}

/**
 * An error of a class of the closed list. Its `stack` is its headline: where it was thrown is not part of the value,
 * and where it was decoded would mislead.
 */
export function makeError(className: string, message: string, name: string | undefined): Error {
  const error = construct(className, message, name)
  const shown = name ?? defaultErrorName(className)
  // removed first: replacing it would have the engine, and whatever is hooked into it, write the stack out
  Reflect.deleteProperty(error, 'stack')
  define(error, 'stack', message === '' ? shown : `${shown}: ${message}`)
  if (name !== undefined && className !== 'DOMException') define(error, 'name', name)
  return error
}

/** Gives an error a property like those the language gives it: not enumerable. */
export function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false })
}

function construct(className: string, message: string, name: string | undefined): Error {
  if (className === 'DOMException') return new DOMException(message, name)
  const text = message === '' ? undefined : message
  if (className === 'AggregateError') {
    const error = new AggregateError([], text)
    Reflect.deleteProperty(error, 'errors')
    return error
  }
  const constructor = constructors.get(className) ?? Error
  return new constructor(text)
}
