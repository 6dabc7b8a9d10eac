import { slots, viewName } from './brand.ts'

type ViewConstructor = new (buffer: ArrayBuffer) => ArrayBufferView

/** Typed arrays a document may name, with the bytes of an element. An engine without one of them can't read it. */
const ELEMENTS: readonly (readonly [name: string, size: number])[] = [
  ['Int8Array', 1],
  ['Uint8Array', 1],
  ['Uint8ClampedArray', 1],
  ['Int16Array', 2],
  ['Uint16Array', 2],
  ['Float16Array', 2],
  ['Int32Array', 4],
  ['Uint32Array', 4],
  ['Float32Array', 4],
  ['Float64Array', 8],
  ['BigInt64Array', 8],
  ['BigUint64Array', 8],
]

const views: ReadonlyMap<string, { readonly size: number; readonly make: ViewConstructor }> = new Map(
  ELEMENTS.flatMap(([name, size]) => {
    const make = (globalThis as unknown as Readonly<Record<string, ViewConstructor | undefined>>)[name]
    return make === undefined ? [] : [[name, { size, make }] as const]
  }),
)

/** Whether this machine keeps the low byte first, as documents do. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The bytes an ArrayBuffer holds or a view looks at; null when they are shared, resizable or gone. */
export function bytesOf(value: object): Uint8Array | null {
  try {
    const [buffer, offset, size] = windowOf(value)
    // throws for a buffer shared between threads, which has not this slot
    slots.bufferSize.call(buffer)
    if (slots.bufferResizable?.call(buffer) === true) return null
    return new Uint8Array(buffer, offset, size)
  } catch {
    return null
  }
}

function windowOf(value: object): [buffer: ArrayBuffer, offset: number, size: number] {
  if (viewName(value) !== undefined) {
    return [slots.viewBuffer.call(value), slots.viewOffset.call(value), slots.viewSize.call(value)] as [
      ArrayBuffer,
      number,
      number,
    ]
  }
  if (ArrayBuffer.isView(value)) {
    const parts = [slots.dataViewBuffer.call(value), slots.dataViewOffset.call(value), slots.dataViewSize.call(value)]
    return parts as [ArrayBuffer, number, number]
  }
  return [value as ArrayBuffer, 0, slots.bufferSize.call(value) as number]
}

/** The bytes of an element of that class; 1 for buffers and DataView; null when this engine has no such class. */
export function elementSize(name: string): number | null {
  if (name === 'ArrayBuffer' || name === 'DataView' || name === 'Buffer') return 1
  return views.get(name)?.size ?? null
}

/** Whether a document may name this class of binary data. */
export function isBinaryName(name: string): boolean {
  return elementSize(name) !== null || ELEMENTS.some(([known]) => known === name)
}

/** Binary data of that class over all of these bytes. */
export function makeBinary(name: string, bytes: Uint8Array<ArrayBuffer>): object {
  const { buffer } = bytes
  if (name === 'ArrayBuffer') return buffer
  if (name === 'DataView') return new DataView(buffer)
  const view = views.get(name)
  return view === undefined ? bytes : new view.make(buffer)
}

/** The bytes with the low byte of each element first: as they are nearly everywhere, else a copy turned round. */
export function littleEndian<Bytes extends Uint8Array>(bytes: Bytes, name: string): Bytes | Uint8Array<ArrayBuffer> {
  const size = elementSize(name) ?? 1
  return IS_LITTLE_ENDIAN || size === 1 ? bytes : swapped(bytes, size)
}

/** A copy with the bytes of each element in reverse. */
export function swapped(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes)
  for (let at = 0; at + size <= copy.length; at += size) copy.subarray(at, at + size).reverse()
  return copy
}
