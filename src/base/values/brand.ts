/** Built-in classes a value may be of, by the internal slot that makes it one. */
export type Brand =
  | 'Map'
  | 'Set'
  | 'Date'
  | 'RegExp'
  | 'URL'
  | 'URLSearchParams'
  | 'Boolean'
  | 'Number'
  | 'String'
  | 'BigInt'
  | 'Symbol'
  | 'ArrayBuffer'
  | 'DataView'
  | 'view'

// Methods are taken once, when this module loads, and called on the value: what a value or a later change of a prototype
// says about a value's class is never asked.
type Method = (this: unknown) => unknown
const getter = (prototype: object, key: string | symbol): Method =>
  Object.getOwnPropertyDescriptor(prototype, key)?.get as Method
const viewPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object
const viewTag = getter(viewPrototype, Symbol.toStringTag)

/** The slots of built-ins as functions of the value; each throws a TypeError when the value has no such slot. */
export const slots = {
  mapSize: getter(Map.prototype, 'size'),
  mapEach: Map.prototype.forEach,
  setSize: getter(Set.prototype, 'size'),
  setEach: Set.prototype.forEach,
  dateTime: Date.prototype.getTime,
  dateText: Date.prototype.toISOString,
  regExpSource: getter(RegExp.prototype, 'source'),
  urlHref: getter(URL.prototype, 'href'),
  paramsText: URLSearchParams.prototype.toString,
  bufferSize: getter(ArrayBuffer.prototype, 'byteLength'),
  /** Absent where buffers can't be resized. */
  bufferResizable: getter(ArrayBuffer.prototype, 'resizable') as Method | undefined,
  dataViewBuffer: getter(DataView.prototype, 'buffer'),
  dataViewOffset: getter(DataView.prototype, 'byteOffset'),
  dataViewSize: getter(DataView.prototype, 'byteLength'),
  viewBuffer: getter(viewPrototype, 'buffer'),
  viewOffset: getter(viewPrototype, 'byteOffset'),
  viewSize: getter(viewPrototype, 'byteLength'),
}

/** RegExp flags in the order `flags` gives them, each with its slot; a flag this engine does not know is left out. */
export const regExpFlags: readonly (readonly [flag: string, read: Method])[] = [
  ['d', 'hasIndices'],
  ['g', 'global'],
  ['i', 'ignoreCase'],
  ['m', 'multiline'],
  ['s', 'dotAll'],
  ['u', 'unicode'],
  ['v', 'unicodeSets'],
  ['y', 'sticky'],
].flatMap(([flag, name]) => {
  const read = getter(RegExp.prototype, name!) as Method | undefined
  return read === undefined ? [] : [[flag!, read] as const]
})

/** What proves each brand: it throws for anything else. */
const proofs: Readonly<Record<Exclude<Brand, 'view'>, Method>> = {
  Map: slots.mapSize,
  Set: slots.setSize,
  Date: slots.dateTime,
  RegExp: slots.regExpSource,
  URL: slots.urlHref,
  URLSearchParams: slots.paramsText,
  Boolean: Boolean.prototype.valueOf,
  Number: Number.prototype.valueOf,
  String: String.prototype.valueOf,
  BigInt: BigInt.prototype.valueOf,
  Symbol: Symbol.prototype.valueOf,
  ArrayBuffer: slots.bufferSize,
  DataView: slots.dataViewBuffer,
}

const local = new Map<object, Exclude<Brand, 'view'>>([
  [Map.prototype, 'Map'],
  [Set.prototype, 'Set'],
  [Date.prototype, 'Date'],
  [RegExp.prototype, 'RegExp'],
  [URL.prototype, 'URL'],
  [URLSearchParams.prototype, 'URLSearchParams'],
  [Boolean.prototype, 'Boolean'],
  [Number.prototype, 'Number'],
  [String.prototype, 'String'],
  [BigInt.prototype, 'BigInt'],
  [Symbol.prototype, 'Symbol'],
  [ArrayBuffer.prototype, 'ArrayBuffer'],
  [DataView.prototype, 'DataView'],
])

/** The brand of an object whose prototype is exactly that built-in's; undefined for subclasses and everything else. */
export function brandOf(value: object, prototype: object): Brand | undefined {
  const view = viewName(value)
  if (view !== undefined) return isPrototypeOf(prototype, view) || isNodeBuffer(prototype) ? 'view' : undefined
  const foreign = local.has(prototype) ? undefined : nativeName(prototype)
  const brand =
    local.get(prototype) ?? (Object.hasOwn(proofs, foreign ?? '') ? (foreign as Exclude<Brand, 'view'>) : undefined)
  return brand !== undefined && hasSlot(value, proofs[brand]) ? brand : undefined
}

/** The class of a typed array (`Uint8Array`, …) by its slot; undefined for anything else. */
export function viewName(value: object): string | undefined {
  return viewTag.call(value) as string | undefined
}

/** Whether a prototype is that of Node's Buffer. */
export function isNodeBuffer(prototype: object): boolean {
  return nodeBuffer()?.prototype === prototype
}

/** As much of Node's Buffer as is used. */
export interface NodeBuffer {
  readonly prototype: object
  from(buffer: ArrayBufferLike, offset?: number, size?: number): NodeBufferBytes
  from(text: string, encoding: 'base64'): NodeBufferBytes
}
type NodeBufferBytes = Uint8Array & { toString(encoding: 'base64'): string }

/** Node's Buffer, where there is one. */
export function nodeBuffer(): NodeBuffer | undefined {
  const candidate = (globalThis as { readonly Buffer?: unknown }).Buffer
  return typeof candidate === 'function' ? (candidate as unknown as NodeBuffer) : undefined
}

/** Whether a prototype makes plain objects: none, `Object.prototype`, or that of another realm. */
export function isPlainPrototype(prototype: object | null): boolean {
  return prototype === null || prototype === Object.prototype || nativeName(prototype) === 'Object'
}

/** Whether an object is the prototype of the built-in class of that name, here or in another realm (a frame, a vm context). */
export function isPrototypeOf(prototype: object, name: string): boolean {
  const here = Object.getOwnPropertyDescriptor(globalThis, name)?.value as { readonly prototype?: object } | undefined
  return (
    (typeof here === 'function' && (here as { readonly prototype?: object }).prototype === prototype) ||
    nativeName(prototype) === name
  )
}

/** The class a prototype belongs to, if that class is written in the engine's own code. */
export function nativeName(prototype: object): string | undefined {
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (typeof constructor !== 'function' || constructor.prototype !== prototype) return undefined
  const source = Function.prototype.toString.call(constructor)
  return /^function (\w+)\(\) \{\s+\[native code\]\s+\}$/.exec(source)?.[1]
}

function hasSlot(value: object, proof: Method): boolean {
  try {
    proof.call(value)
    return true
  } catch {
    return false
  }
}
