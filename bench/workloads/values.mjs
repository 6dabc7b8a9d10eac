// The value codec beside JSON, the platform's own ways and the libraries for it.
import { isDeepStrictEqual } from 'node:util'
import v8 from 'node:v8'
import { createCodec } from 'waystone'
import { timed } from '../suite/measure.mjs'
import { peerModule } from '../suite/peers.mjs'
import { bytesOf, mixedRows, plainRows } from '../suite/values.mjs'

const makers = {
  small: () => plainRows(10_000),
  plain: () => plainRows(10_000_000),
  mixed: () => mixedRows(10_000_000),
  bytes: () => bytesOf(5_000_000),
}

/** The nearest JSON can hold: bytes as base64, bigints as text, Dates as JSON does, Maps as {}. */
function jsonOf(value) {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each)))
}

/** A pair of functions there and back; `exact` when what comes back must equal what was given. */
const subject = (name, kind, load, { exact = true, setting, only } = {}) => ({
  name,
  kind,
  setting,
  only,
  async measure({ make }, settings) {
    const { there, back } = await load()
    const value = exact ? makers[make]() : jsonOf(makers[make]())
    const written = there(value)
    if (!isDeepStrictEqual(back(written), value)) throw new Error('the value came back different')
    const writing = await timed(async () => sizeOf(there(value)), sizeOf(written), settings)
    const reading = await timed(async () => typeof back(written), typeof value, settings)
    return {
      metrics: { write: writing.samples, read: reading.samples },
      facts: { bytes: Buffer.byteLength(typeof written === 'string' ? written : (written.json ?? written)) },
    }
  },
})
const sizeOf = (written) => written.json?.length ?? written.length

const peer = (name, setting) =>
  subject(name, 'peer', async () => (await peerModule('codecs')).codecs[name](), { setting })

export const values = {
  name: 'values',
  title: 'Values written and read',
  note: 'Text for all but v8. JSON itself cannot hold what the last two cases have: it gets base64 for bytes, text for bigints, nothing for Maps. Every other subject must give back an equal value.',
  limitOf: ({ metric }) => `JSON, ${metric}`,
  cases: [
    { name: '10 KB plain', make: 'small', quick: true },
    { name: '10 MB plain', make: 'plain' },
    { name: '10 MB, 5 % Dates, Maps, bigints', make: 'mixed' },
    { name: '5 MB of bytes', make: 'bytes' },
  ],
  subjects: [
    {
      ...subject('JSON', 'limit', async () => ({ there: JSON.stringify, back: JSON.parse }), { exact: false }),
    },
    subject('waystone', 'ours', async () => {
      const codec = createCodec({ limits: { maxMembers: Infinity, maxElements: Infinity } })
      return { there: (value) => codec.encode(value), back: (encoded) => codec.decode(encoded) }
    }),
    subject('v8.serialize', 'limit', async () => ({ there: v8.serialize, back: v8.deserialize }), {
      setting: 'binary; no format of record',
    }),
    peer('superjson', 'stringify and parse'),
    peer('devalue', 'stringify and parse'),
    peer('seroval', 'toJSON and fromJSON, with JSON text between; bytes as an ArrayBuffer, no limit of its length'),
  ],
  growth: [],
}
