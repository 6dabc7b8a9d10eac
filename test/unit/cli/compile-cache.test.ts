import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { keepCompiledCode } from '../../../src/cli/compile-cache.ts'

/** The folders in which code would be kept. */
function keptIn(env: Readonly<Record<string, string>>): readonly string[] {
  const folders: string[] = []
  keepCompiledCode({ enableCompileCache: (folder) => folders.push(folder) }, env)
  return folders
}

describe('the compiled code of the command', () => {
  it('is kept in the cache folder of the user', () => {
    expect(keptIn({ HOME: '/home/ada' })).toEqual([join('/home/ada', '.cache', 'waystone')])
    expect(keptIn({ HOME: '/home/ada', XDG_CACHE_HOME: '/caches' })).toEqual([join('/caches', 'waystone')])
    expect(keptIn({ LOCALAPPDATA: 'C:\\local' })).toEqual([join('C:\\local', 'waystone')])
  })

  it('is kept nowhere when the user has no such folder', () => {
    expect(keptIn({})).toEqual([])
    expect(keptIn({ HOME: '', XDG_CACHE_HOME: '' })).toEqual([])
  })

  it('is not kept by a Node that can not', () => {
    expect(() => keepCompiledCode({}, { HOME: '/home/ada' })).not.toThrow()
  })
})
