import { quote } from '../base/errors.ts'
import { escapeSegment } from '../base/json-pointer.ts'
import { schemasText } from './validators.generated.js'

/** One place of a document that is wrong. */
export interface DocumentProblem {
  /** JSON Pointer into the document; `''` is the whole of it. */
  readonly path: string
  readonly message: string
}

/** The keywords our schemas use; a test compares what this gives with Ajv. */
interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string | readonly string[]
  readonly const?: unknown
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

/**
 * What a document violates of the snapshot schema, with a pointer each, up to `limit` of them.
 * Used once the compiled validator has said no: it stops at the first violation, and its version that does not
 * would take time that grows with the square of their number.
 */
export function schemaProblems(document: unknown, limit: number): readonly DocumentProblem[] {
  schemas ??= parsedSchemas()
  const check = new SchemaCheck(schemas, limit)
  check.visit({ schema: schemas.get('')!, file: '' }, document, '')
  return check.problems
}

/** The schemas by file; text until a document is first refused. */
let schemas: ReadonlyMap<string, Schema> | undefined

function parsedSchemas(): ReadonlyMap<string, Schema> {
  const [snapshot, workflow] = JSON.parse(schemasText) as [Schema, Schema]
  return new Map([
    ['', snapshot],
    ['workflow-1.1.0.schema.json', workflow],
  ])
}

/** A schema with the file its references are in. */
interface Located {
  readonly schema: Schema
  readonly file: string
}

class SchemaCheck {
  readonly problems: DocumentProblem[] = []
  readonly #files: ReadonlyMap<string, Schema>
  readonly #limit: number

  constructor(files: ReadonlyMap<string, Schema>, limit: number) {
    this.#files = files
    this.#limit = limit
  }

  /** Recursion follows the document, whose depth is limited, and the schema. */
  visit({ schema, file }: Located, value: unknown, path: string): void {
    if (this.problems.length >= this.#limit) return
    if (schema.$ref !== undefined) this.visit(this.#resolve(schema.$ref, file), value, path)
    if (!this.#isOfType(schema, value, path)) return
    this.#scalar(schema, value, path)
    if (Array.isArray(value)) this.#array({ schema, file }, value, path)
    else if (typeof value === 'object' && value !== null)
      this.#object({ schema, file }, value as Record<string, unknown>, path)
    if (schema.anyOf !== undefined && !schema.anyOf.some((option) => this.#fits({ schema: option, file }, value))) {
      this.#report(
        path,
        `expected one of ${schema.anyOf.map((option) => this.#describe(option, file)).join(' or ')}, got ${quote(value)}`,
      )
    }
    if (schema.if !== undefined) {
      const branch = this.#fits({ schema: schema.if, file }, value) ? schema.then : schema.else
      if (branch !== undefined) this.visit({ schema: branch, file }, value, path)
    }
  }

  #isOfType({ type }: Schema, value: unknown, path: string): boolean {
    if (type === undefined) return true
    const types = typeof type === 'string' ? [type] : type
    if (types.some((name) => isOfType(name, value))) return true
    this.#report(path, `expected ${types.join(' or ')}, got ${quote(value)}`)
    return false
  }

  #scalar(schema: Schema, value: unknown, path: string): void {
    if (Object.hasOwn(schema, 'const') && value !== schema.const) {
      this.#report(path, `expected ${JSON.stringify(schema.const)}, got ${quote(value)}`)
    }
    if (schema.enum !== undefined && !schema.enum.includes(value)) {
      this.#report(path, `expected one of ${schema.enum.join(', ')}, got ${quote(value)}`)
    }
    if (typeof value === 'string') {
      if (value.length < (schema.minLength ?? 0)) this.#report(path, 'expected a text that is not empty')
      else if (value.length > (schema.maxLength ?? Number.POSITIVE_INFINITY)) {
        this.#report(path, `expected at most ${schema.maxLength} characters, got ${value.length}`)
      } else if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) {
        this.#report(path, `expected a text that matches ${schema.pattern}, got ${quote(value)}`)
      }
    }
    if (typeof value === 'number') {
      if (schema.minimum !== undefined && value < schema.minimum)
        this.#report(path, `expected ${schema.minimum} or more, got ${value}`)
      if (schema.maximum !== undefined && value > schema.maximum)
        this.#report(path, `expected ${schema.maximum} or less, got ${value}`)
      if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum) {
        this.#report(path, `expected more than ${schema.exclusiveMinimum}, got ${value}`)
      }
    }
  }

  #array({ schema, file }: Located, array: readonly unknown[], path: string): void {
    const { prefixItems = [], items } = schema
    if (array.length < (schema.minItems ?? 0))
      this.#report(path, `expected ${schema.minItems} elements or more, got ${array.length}`)
    if (items === false && array.length > prefixItems.length) {
      this.#report(path, `expected at most ${prefixItems.length} elements, got ${array.length}`)
    }
    for (let index = 0; index < array.length && this.problems.length < this.#limit; index += 1) {
      const element = prefixItems[index] ?? (typeof items === 'object' ? items : undefined)
      if (element !== undefined) this.visit({ schema: element, file }, array[index], `${path}/${index}`)
    }
  }

  #object({ schema, file }: Located, object: Readonly<Record<string, unknown>>, path: string): void {
    for (const name of schema.required ?? []) {
      if (!Object.hasOwn(object, name)) this.#report(path, `the member ${JSON.stringify(name)} is missing`)
    }
    const { properties = {}, additionalProperties } = schema
    if (schema.properties === undefined && additionalProperties === undefined) return
    for (const name of Object.keys(object)) {
      if (this.problems.length >= this.#limit) return
      const member = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
      if (member === false) this.#report(path, `the member ${quote(name)} does not belong here`)
      else if (typeof member === 'object')
        this.visit({ schema: member, file }, object[name], `${path}/${escapeSegment(name)}`)
    }
  }

  #fits(located: Located, value: unknown): boolean {
    const check = new SchemaCheck(this.#files, 1)
    check.visit(located, value, '')
    return check.problems.length === 0
  }

  #resolve(ref: string, file: string): Located {
    const [target = '', fragment = ''] = ref.split('#')
    const found = target === '' ? file : target
    const name = fragment.slice('/$defs/'.length)
    return { schema: this.#files.get(found)!.$defs![name]!, file: found }
  }

  #describe(schema: Schema, file: string): string {
    if (schema.$ref !== undefined) return this.#describe(this.#resolve(schema.$ref, file).schema, file)
    return typeof schema.type === 'string' ? schema.type : 'another form'
  }

  #report(path: string, message: string): void {
    if (this.problems.length < this.#limit) this.problems.push({ path, message })
  }
}

function isOfType(name: string, value: unknown): boolean {
  switch (name) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      // The names left are those typeof gives.
      return typeof value === name
  }
}
