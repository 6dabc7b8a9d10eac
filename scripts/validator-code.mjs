// Leaves of a validator that Ajv wrote what decides yes or no. What it writes down about violations is two thirds of the
// code and a text for every place it visits, and nobody reads it: a refused document is gone through once more, by rules
// that name every violation.
import { parseSync } from 'oxc-parser'

/** Variables that only reports are made of: the list of errors, one of them, and which members were seen. */
const isReport = (name) => /^(vErrors|err\d+|evaluated\d+|props\d+|ifClause\d+)$/.test(name)

/** The variable at the bottom of `a.b.c`, and the member nearest to it. */
function rootOf(node) {
  let [root, member] = [node, null]
  while (root.type === 'MemberExpression') [root, member] = [root.object, root.property.name]
  return { name: root.name ?? '', member }
}

const isReported = (node) => {
  const { name, member } = rootOf(node)
  return isReport(name) || (/^validate\d+$/.test(name) && (member === 'errors' || member === 'evaluated'))
}

/** What stands for a node in the shorter code; null when it stays and is looked into. */
function replacementOf(node, text) {
  switch (node.type) {
    case 'VariableDeclaration':
      return node.declarations.every(({ id }) => isReport(id.name ?? '')) ? '' : null
    case 'IfStatement':
      return node.test.type === 'BinaryExpression' || node.test.type === 'MemberExpression'
        ? isReported(node.test.left ?? node.test)
          ? ''
          : null
        : null
    case 'ExpressionStatement':
      if (node.expression.type === 'CallExpression') return isReported(node.expression.callee) ? '' : null
      if (node.expression.type !== 'AssignmentExpression') return null
      // A validator within found at least one violation; every use compares two of these numbers.
      if (text(node) === 'errors = vErrors.length;') return 'errors++;'
      return isReported(node.expression.left) ? '' : null
    default:
      return null
  }
}

/** `validate(data, {where it is})`, called or declared: the second part is for reports. */
function tailOf(node) {
  const parts = node.type === 'CallExpression' ? node.arguments : node.type === 'FunctionDeclaration' ? node.params : []
  const second = parts[1]?.type === 'AssignmentPattern' ? parts[1].left : parts[1]
  const isPlace = second?.properties?.[0]?.key?.name === 'instancePath'
  return isPlace ? { start: parts[0].end, end: parts[1].end } : null
}

/** @throws {Error} when the code is not as this Ajv writes it, so that nothing is half left out */
export function withoutReports(code) {
  const { program, errors } = parseSync('validators.js', code)
  if (errors.length > 0) throw new Error(`the generated code can not be read: ${errors[0].message}`)
  const text = ({ start, end }) => code.slice(start, end)
  const edits = []
  const open = [program]
  while (open.length > 0) {
    const node = open.pop()
    const replacement = replacementOf(node, text)
    if (replacement !== null) {
      edits.push({ start: node.start, end: node.end, replacement })
      continue
    }
    const tail = tailOf(node)
    if (tail !== null) edits.push({ ...tail, replacement: '' })
    for (const [key, value] of Object.entries(node)) {
      if (tail !== null && (key === 'params' || key === 'arguments')) continue
      for (const child of Array.isArray(value) ? value : [value]) if (typeof child?.type === 'string') open.push(child)
    }
  }
  let shorter = code
  for (const { start, end, replacement } of edits.sort((a, b) => b.start - a.start)) {
    shorter = shorter.slice(0, start) + replacement + shorter.slice(end)
  }
  shorter = withoutUnused(shorter.replaceAll(/\/\*# sourceURL="[^"]*" \*\/;/g, ''))
  const left = /\b(vErrors|evaluated\d|instancePath|schemaPath|dynamicAnchors)\b/.exec(shorter)
  if (left !== null)
    throw new Error(`the generated code still has ${left[0]}: ${shorter.slice(left.index, left.index + 100)}`)
  return shorter
}

/** Schemas that only reports quoted. */
function withoutUnused(code) {
  const { program } = parseSync('validators.js', code)
  let shorter = code
  for (const node of program.body.toReversed()) {
    const name = node.type === 'VariableDeclaration' ? node.declarations[0].id.name : ''
    if (!name.startsWith('schema')) continue
    if (code.match(new RegExp(`\\b${name}\\b`, 'g')).length > 1) continue
    shorter = shorter.slice(0, node.start) + shorter.slice(node.end)
  }
  return shorter
}
