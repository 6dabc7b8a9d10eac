import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import type { JsonObject } from '../../../src/base/json.ts'
import { deserialize } from '../../../src/snapshot/deserialize.ts'
import { createMigrations, type Migration } from '../../../src/snapshot/migrations/chain.ts'
import { serialize } from '../../../src/snapshot/serialize.ts'
import { takeSnapshot } from '../../../src/snapshot/snapshot.ts'
import { sealed } from '../../helpers/seal.ts'
import { AT, sampleState } from './sample.ts'

const document = () => takeSnapshot(sampleState(), AT).document as unknown as Record<string, unknown>

function failure(action: () => unknown): {
  readonly code: string
  readonly message: string
  readonly details: JsonObject
} {
  try {
    action()
  } catch (error) {
    if (isWaystoneError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a document of another version', () => {
  it('with a newer minor is read, and written back with all its unknown members', () => {
    const newer = { ...document(), version: '1.7.0', labels: { b: 1, a: [2] } }
    Object.assign(newer['run' as keyof typeof newer] as object, { priority: 5 })
    const text = sealed(newer)
    const snapshot = deserialize(text)
    expect(snapshot.version).toBe('1.7.0')
    expect(snapshot.document['labels']).toEqual({ b: 1, a: [2] })
    expect(serialize(snapshot, { pretty: false })).toBe(serialize(deserialize(text), { pretty: false }))
    expect(serialize(snapshot, { pretty: false })).toContain('"priority":5')
  })

  it('with a newer major is refused with what was found, what is supported and what to do', () => {
    const error = failure(() => deserialize(sealed({ ...document(), version: '2.0.0' })))
    expect(error.code).toBe('SNAPSHOT_TOO_NEW')
    expect(error.message).toMatch(/2\.0\.0.*1\.x.*update the package/)
    expect(error.details).toMatchObject({ found: '2.0.0', supported: '<=1.x' })
  })

  it.each(['1', '1.0', 'v1.0.0', '01.0.0', '1.0.0 ', '1.0.0-rc.1', '', `1.0.0-${'x'.repeat(80)}`, 1, null])(
    '%j is no version',
    (version) => {
      expect(failure(() => deserialize(sealed({ ...document(), version }))).code).toBe('SNAPSHOT_BAD_VERSION')
    },
  )
})

describe('migrations', () => {
  const renamed: Migration = {
    from: '0.8.0',
    to: '0.9.0',
    migrate: ({ vars, ...rest }) => ({ ...rest, version: '0.9.0', variables: vars ?? {} }),
  }
  const completed: Migration = {
    from: '0.9.0',
    to: '1.0.0',
    migrate: ({ done, ...rest }) => ({ ...rest, version: '1.0.0', completedNodes: done ?? [] }),
  }
  const old = (): JsonObject => {
    const { variables, completedNodes, ...rest } = document()
    return { ...rest, version: '0.8.0', vars: variables, done: completedNodes } as JsonObject
  }

  it('lead a document of any older version to the current one', () => {
    const snapshot = deserialize(sealed(old()), { migrations: [completed, renamed] })
    expect(snapshot.version).toBe('1.0.0')
    expect(snapshot.completedNodes).toEqual(takeSnapshot(sampleState(), AT).completedNodes)
    expect(snapshot.variables).toEqual(takeSnapshot(sampleState(), AT).variables)
    const { state } = snapshot.copyOfState()
    const original = deserialize(serialize(takeSnapshot(sampleState(), AT))).copyOfState().state
    expect(serialize(takeSnapshot(state, AT))).toBe(serialize(takeSnapshot(original, AT)))
    expect(serialize(deserialize(serialize(snapshot)))).toBe(serialize(snapshot))
  })

  it('are refused when they are made: gaps, circles, doubles, no function', () => {
    const step = (from: string, to: string): Migration => ({ from, to, migrate: (d) => d })
    for (const steps of [
      [step('0.8.0', '0.9.0')],
      [step('0.9.0', '0.9.0')],
      [step('0.9.0', '1.0.0'), step('1.0.0', '0.9.0')],
      [step('0.9.0', '1.0.0'), step('0.9.0', '1.0.0')],
      [{ from: '0.9.0', to: '1.0.0' }],
      [step('0.9', '1.0.0')],
      [null],
      {},
    ]) {
      expect(failure(() => createMigrations(steps as never)).code, JSON.stringify(steps)).toBe('ARGUMENT_INVALID')
    }
    expect(createMigrations([completed, renamed]).versions).toEqual(['0.8.0', '0.9.0'])
    expect(failure(() => createMigrations([step('0.9.0', '1.9.0')])).code).toBe('ARGUMENT_INVALID')
  })

  it('need not lead further than to a version that is read as it is', () => {
    const further: Migration = { from: '1.0.0', to: '1.1.0', migrate: () => ({}) }
    const toCurrent: Migration = {
      ...completed,
      to: '1.1.0',
      migrate: (d) => ({ ...completed.migrate(d), version: '1.1.0' }),
    }
    expect(deserialize(sealed(old()), { migrations: [completed, renamed, further] }).version).toBe('1.0.0')
    expect(deserialize(sealed(old()), { migrations: [toCurrent, renamed] }).version).toBe('1.1.0')
  })

  it('that fail are named', () => {
    const broken = (migrate: Migration['migrate']) =>
      failure(() => deserialize(sealed(old()), { migrations: [{ ...renamed, migrate }, completed] }))
    expect(
      broken(() => {
        throw new Error('no')
      }),
    ).toMatchObject({ code: 'SNAPSHOT_MIGRATION_FAILED', details: { from: '0.8.0', to: '0.9.0' } })
    expect(broken(() => null as never).code).toBe('SNAPSHOT_MIGRATION_FAILED')
    expect(broken((d) => d).code).toBe('SNAPSHOT_MIGRATION_FAILED')
    expect(broken((d) => Object.assign(d, { version: '0.9.0' })).code).toBe('SNAPSHOT_MIGRATION_FAILED')
    expect(failure(() => deserialize(sealed(old()), { migrations: [completed] })).code).toBe('SNAPSHOT_NO_MIGRATION')
  })

  it('are not begun for a document that was changed', () => {
    const text = sealed(old()).replace('billing', 'forging')
    expect(failure(() => deserialize(text, { migrations: [completed, renamed] })).code).toBe('SNAPSHOT_INTEGRITY')
  })

  it('that give a document of another shape are found out by the schema', () => {
    const wrong = [renamed, { ...completed, migrate: () => ({ format: 'waystone.snapshot', version: '1.0.0' }) }]
    expect(failure(() => deserialize(sealed(old()), { migrations: wrong })).code).toBe('SNAPSHOT_SCHEMA')
  })
})
