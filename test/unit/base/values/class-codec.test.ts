import { describe, expect, it } from 'vitest'
import { encodedText } from '../../../../src/base/encoded.ts'
import { isWaystoneError, type WaystoneError } from '../../../../src/base/errors.ts'
import { type ClassCodec, OpaqueValue } from '../../../../src/base/values/class-codec.ts'
import { createCodec, defaultCodec } from '../../../../src/base/values/codec.ts'

class Money {
  readonly cents: number
  owner: unknown = null
  constructor(cents: number) {
    this.cents = cents
  }
}
class Coin extends Money {}
class PaymentError extends Error {
  override readonly name = 'PaymentError'
}

const money: ClassCodec<Money> = {
  name: 'Money',
  class: Money,
  encode: (value) => ({ cents: value.cents, owner: value.owner }),
  decode: (data) => Object.assign(new Money((data as Money).cents), { owner: (data as Money).owner }),
}
const codec = createCodec({ classes: [money as ClassCodec] })

function thrown(act: () => unknown): WaystoneError {
  try {
    act()
  } catch (error) {
    if (isWaystoneError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('class codecs', () => {
  it('write instances by name and version, and read them back as instances', () => {
    const encoded = codec.encode({ price: new Money(5) })
    expect(encodedText(encoded)).toBe(
      '{"price":{"#type":"class","name":"Money","value":{"cents":5,"owner":null},"v":1}}',
    )
    const { price } = codec.decode(encoded) as { price: Money }
    expect([price instanceof Money, price.cents]).toEqual([true, 5])
    expect(codec.encode({ price })).toEqual(encoded)
  })

  it('keep shared references to instances and into and out of their data', () => {
    const owner = { name: 'o' }
    const price = Object.assign(new Money(1), { owner })
    const value = { price, again: price, owner }
    const copy = codec.decode(codec.encode(value)) as typeof value
    expect(copy.again).toBe(copy.price)
    expect(copy.owner).toBe(copy.price.owner)
  })

  it('refuse data that leads back to its instance, and documents that claim so', () => {
    const ring = new Money(1)
    ring.owner = { of: ring }
    const error = thrown(() => codec.encode([ring]))
    expect([error.code, error.details['path']]).toEqual(['VALUE_CLASS', '/0/value/owner/of'])
    const text = '{"#type":"class","name":"Money","value":{"cents":1,"owner":{"#type":"ref","path":""}},"v":1}'
    expect(thrown(() => codec.decode({ json: text })).code).toBe('VALUE_BAD_REF')
  })

  it('take no subclass for the class', () => {
    expect(thrown(() => codec.encode(new Coin(1))).details['kind']).toBe('Coin')
  })

  it('keep the class of an error that has one', () => {
    const errors = createCodec({
      classes: [
        {
          name: 'PaymentError',
          class: PaymentError,
          encode: (e) => (e as Error).message,
          decode: (data) => new PaymentError(String(data)),
        },
      ],
    })
    expect(errors.decode(errors.encode(new PaymentError('no')))).toBeInstanceOf(PaymentError)
  })

  it('read older data with its own codec, else with the next newer one, which is told the version', () => {
    const versioned = (version: number): ClassCodec => ({
      name: 'Money',
      version,
      class: Money,
      encode: () => version,
      decode: (_data, from) => new Money(version * 100 + from),
    })
    const several = createCodec({ classes: [versioned(4), versioned(2)] })
    const read = (v: number) =>
      (several.decode({ json: `{"#type":"class","name":"Money","value":0,"v":${v}}` }) as Money).cents
    expect([read(1), read(2), read(3), read(4)]).toEqual([201, 202, 403, 404])
    expect(thrown(() => read(5)).code).toBe('VALUE_UNKNOWN_CLASS')
    expect(encodedText(several.encode(new Money(1)))).toBe('{"#type":"class","name":"Money","value":4,"v":4}')
  })

  it('that throw or give no instance are named', () => {
    const broken = (parts: Partial<ClassCodec>) => createCodec({ classes: [{ ...(money as ClassCodec), ...parts }] })
    const raise = () => {
      throw new TypeError('no')
    }
    const text = '{"#type":"class","name":"Money","value":1,"v":1}'
    const onWrite = thrown(() => broken({ encode: raise }).encode([new Money(1)]))
    expect([onWrite.code, onWrite.details['path'], onWrite.cause instanceof TypeError]).toEqual([
      'VALUE_CLASS_FAILED',
      '/0',
      true,
    ])
    const gives = (decode: () => unknown) => broken({ decode: decode as () => object })
    for (const decode of [raise, () => 1, () => null, async () => new Money(1)]) {
      expect(thrown(() => gives(decode).decode({ json: text })).code).toBe('VALUE_CLASS_FAILED')
    }
  })

  it('are not called by a check', () => {
    const raising: ClassCodec = {
      ...(money as ClassCodec),
      decode: () => {
        throw new Error('called')
      },
    }
    createCodec({ classes: [raising] }).check({ '#type': 'class', name: 'Money', value: 1, v: 1 })
    expect(
      thrown(() => defaultCodec.check([{ '#type': 'class', name: 'Money', value: 1, v: 1 }], '/results')).details,
    ).toEqual({
      path: '/results/0',
    })
  })

  it('are refused twice under one name and version, or one class under two names', () => {
    const other = { ...(money as ClassCodec), name: 'Cash' }
    expect(thrown(() => createCodec({ classes: [money as ClassCodec, money as ClassCodec] })).code).toBe(
      'VALUE_CLASS_DUPLICATE',
    )
    expect(thrown(() => createCodec({ classes: [money as ClassCodec, other] })).code).toBe('VALUE_CLASS_DUPLICATE')
  })

  it.each([
    { name: '' },
    { name: '\ud800' },
    { version: 0 },
    { version: 1.5 },
    { class: Object },
    { class: (() => 1) as never },
    { encode: 1 as never },
  ])('are refused when they are none: %j', (parts) => {
    expect(thrown(() => createCodec({ classes: [{ ...(money as ClassCodec), ...parts } as ClassCodec] })).code).toBe(
      'ARGUMENT_INVALID',
    )
  })
})

describe('instances of unknown classes', () => {
  const text =
    '{"a":[1],"m":{"#type":"class","name":"Gone","value":{"of":{"#type":"ref","path":"/a"},"d":{"#type":"undefined"}},"v":7}}'

  it('are refused unless the codec keeps them', () => {
    const error = thrown(() => defaultCodec.decode({ json: text }))
    expect([error.name, error.code, error.details['path']]).toEqual([
      'SnapshotDecodeError',
      'VALUE_UNKNOWN_CLASS',
      '/m',
    ])
  })

  it('are kept inert and written again unchanged, wherever they are moved', () => {
    const keeping = createCodec({ unknownClasses: 'opaque' })
    const value = keeping.decode({ json: text }) as { a: unknown; m: OpaqueValue }
    expect(value.m).toBeInstanceOf(OpaqueValue)
    expect([value.m.name, value.m.version, Object.isFrozen(value.m)]).toEqual(['Gone', 7, true])
    expect(encodedText(keeping.encode(value))).toBe(text)
    expect(encodedText(keeping.encode([value.m]))).toBe(
      '[{"#type":"class","name":"Gone","value":{"of":[1],"d":{"#type":"undefined"}},"v":7}]',
    )
  })
})
