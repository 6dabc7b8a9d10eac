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
    return { there: (value) => JSON.stringify(toJSON(value)), back: (text) => fromJSON(JSON.parse(text)) }
  },
}
