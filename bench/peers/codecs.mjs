// Libraries that write values JSON cannot hold, each as text there and back.
export const codecs = {
  superjson: async () => {
    const { default: superjson } = await import('superjson')
    return { there: (value) => superjson.stringify(value), back: (text) => superjson.parse(text) }
  },
  devalue: async () => {
    const { parse, stringify } = await import('devalue')
    return { there: stringify, back: parse }
  },
  seroval: async () => {
    const { fromJSON, toJSON } = await import('seroval')
    // It refuses a view of more than 1,000,000 elements, and by default a longer text of bytes; their buffer it takes.
    const isBytes = (value) => value instanceof Uint8Array
    const wrap = (value) => (isBytes(value) ? value.buffer : value)
    const unwrap = (value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value)
    const options = { maxBase64Length: Number.MAX_SAFE_INTEGER }
    return {
      there: (value) => JSON.stringify(toJSON(wrap(value))),
      back: (text) => unwrap(fromJSON(JSON.parse(text), options)),
    }
  },
}
