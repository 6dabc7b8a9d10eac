import { describe, expect, it } from 'vitest'
import { withoutReports } from '../../../scripts/validator-code.mjs'

/** A validator in the form Ajv writes it. */
const written = (body: string) =>
  `const schema1 = {"type":"string"};const schema2 = {"enum":["a"]};function validate1(data, {instancePath="", rootData=data}={}){let vErrors = null;let errors = 0;${body}validate1.errors = vErrors;return errors === 0;}validate1.evaluated = {"dynamicProps":false};`

describe('withoutReports', () => {
  it('leaves out the errors, where they are, and the schemas that only they quote', () => {
    const code = written(
      'if(typeof data !== "string"){validate1.errors = [{instancePath,schemaPath:"#/type",params:{type: schema1.type}}];return false;}if(data !== schema2.enum[0]){const err0 = {instancePath};if(vErrors === null){vErrors = [err0];}else {vErrors.push(err0);}errors++;}',
    )
    expect(withoutReports(code)).toBe(
      'const schema2 = {"enum":["a"]};function validate1(data){let errors = 0;if(typeof data !== "string"){return false;}if(data !== schema2.enum[0]){errors++;}return errors === 0;}',
    )
  })

  it('counts a validator within that said no', () => {
    const code = written(
      'if(!(validate2(data.a, {instancePath:instancePath+"/a",rootData}))){vErrors = vErrors === null ? validate2.errors : vErrors.concat(validate2.errors);errors = vErrors.length;}',
    )
    expect(withoutReports(code)).toContain('if(!(validate2(data.a))){errors++;}return errors === 0;')
  })

  it('refuses code that still reports, and code that is none', () => {
    expect(() => withoutReports(written('log(vErrors);'))).toThrow('the generated code still has vErrors')
    expect(() => withoutReports('function (')).toThrow('the generated code can not be read')
  })
})
