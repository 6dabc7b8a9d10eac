import { quote } from '../base/errors.ts'
import { escapeSegment } from '../base/json-pointer.ts'
import { isOfType, referencedSchema, type Schema, snapshotSchema } from './schema.ts'
import { fitsSchema } from './schema-fit.ts'

/** One place of a document that is wrong. */
export interface DocumentProblem {
  /** JSON Pointer into the document; `''` is the whole of it. */
  readonly path: string
  readonly message: string
}

/**
 * What a document violates of the snapshot schema, with a pointer each, up to `limit` of them.
 * Used once it is known that it does not fit.
 */
export function schemaProblems(document: unknown, limit: number): readonly DocumentProblem[] {
  const check = new SchemaCheck(limit)
  check.visit(snapshotSchema(), document, '')
  return check.problems
}

class SchemaCheck {
  readonly problems: DocumentProblem[] = []
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Recursion follows the document, whose depth is limited, and the schema. */
  visit(schema: Schema, value: unknown, path: string): void {
    if (this.problems.length >= this.#limit) return
    if (schema.$ref !== undefined) this.visit(referencedSchema(schema.$ref), value, path)
    if (!this.#isOfType(schema, value, path)) return
    this.#scalar(schema, value, path)
    if (Array.isArray(value)) this.#array(schema, value, path)
    else if (typeof value === 'object' && value !== null) this.#object(schema, value as Record<string, unknown>, path)
    if (schema.anyOf !== undefined && !schema.anyOf.some((option) => fitsSchema(option, value))) {
      this.#report(path, `expected one of ${schema.anyOf.map(describe).join(' or ')}, got ${quote(value)}`)
    }
    if (schema.if !== undefined) {
      const branch = fitsSchema(schema.if, value) ? schema.then : schema.else
      if (branch !== undefined) this.visit(branch, value, path)
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

  #array(schema: Schema, array: readonly unknown[], path: string): void {
    const { prefixItems = [], items } = schema
    if (array.length < (schema.minItems ?? 0))
      this.#report(path, `expected ${schema.minItems} elements or more, got ${array.length}`)
    if (items === false && array.length > prefixItems.length) {
      this.#report(path, `expected at most ${prefixItems.length} elements, got ${array.length}`)
    }
    for (let index = 0; index < array.length && this.problems.length < this.#limit; index += 1) {
      const element = prefixItems[index] ?? (typeof items === 'object' ? items : undefined)
      if (element !== undefined) this.visit(element, array[index], `${path}/${index}`)
    }
  }

  #object(schema: Schema, object: Readonly<Record<string, unknown>>, path: string): void {
    for (const name of schema.required ?? []) {
      if (!Object.hasOwn(object, name)) this.#report(path, `the member ${JSON.stringify(name)} is missing`)
    }
    const { properties = {}, additionalProperties } = schema
    if (schema.properties === undefined && additionalProperties === undefined) return
    for (const name of Object.keys(object)) {
      if (this.problems.length >= this.#limit) return
      const member = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
      if (member === false) this.#report(path, `the member ${quote(name)} does not belong here`)
      else if (typeof member === 'object') this.visit(member, object[name], `${path}/${escapeSegment(name)}`)
    }
  }

  #report(path: string, message: string): void {
    if (this.problems.length < this.#limit) this.problems.push({ path, message })
  }
}

function describe({ $ref, type }: Schema): string {
  if ($ref !== undefined) return describe(referencedSchema($ref))
  return typeof type === 'string' ? type : 'another form'
}
