import { schemaText } from './schemas.generated.ts'

/** The keywords our schemas use; generating their text refuses others, and tests compare our readers with Ajv. */
export interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string | readonly string[]
  readonly const?: string
  readonly enum?: readonly unknown[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly properties?: Readonly<Record<string, Schema | boolean>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema | boolean
  readonly prefixItems?: readonly Schema[]
  readonly minItems?: number
  readonly anyOf?: readonly Schema[]
  readonly if?: Schema
  readonly then?: Schema
  readonly else?: Schema
}

/** Text until the first document is read. */
let schema: Schema | undefined

/** The schema of a snapshot. */
export function snapshotSchema(): Schema {
  schema ??= JSON.parse(schemaText) as Schema
  return schema
}

/** The schema a `$ref` names. */
export function referencedSchema(ref: string): Schema {
  return snapshotSchema().$defs![ref.slice('#/$defs/'.length)]!
}

/** Whether a value is of a type as schemas name them. */
export function isOfType(name: string, value: unknown): boolean {
  switch (name) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'integer':
      return Number.isInteger(value)
    case 'number':
      return Number.isFinite(value)
    default:
      // The names left are those typeof gives.
      return typeof value === name
  }
}

/** Whether a value is what JSON calls an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
