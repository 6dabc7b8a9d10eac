import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { packageRoot } from '../helpers/source-module.ts'

/** A process of a crash test that runs one of the files beside this one. */
export interface Child {
  readonly process: ChildProcess
  /** The next line it writes, or null once it ended and all was read. */
  nextLine(): Promise<string | null>
  send(line: string): void
  /** Kills it without a chance to clean up, and waits until it is gone. */
  kill(): Promise<void>
}

/** Starts a file of this folder as a process of its own. */
export function startChild(file: string, args: readonly string[]): Child {
  const path = join(packageRoot, 'test/crash', file)
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    cwd: packageRoot,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    nextLine: async () => {
      const line = await lines.next()
      return line.done === true ? null : line.value
    },
    send: (line) => void child.stdin.write(`${line}\n`),
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
