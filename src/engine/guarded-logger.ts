import type { Logger } from '../base/ports.ts'
import { callSafely } from './call-safely.ts'
import { consoleLogger } from './system.ts'

/** A logger that can fail without stopping what it is told about; its failures go to the console. */
export function guardedLogger(logger: Logger): Logger {
  if (logger === consoleLogger) return logger
  const level = (name: keyof Logger) => (message: string, details?: object) =>
    callSafely(
      () => (details === undefined ? logger[name](message) : logger[name](message, details)),
      (error) => consoleLogger.error(`the logger failed at: ${message}`, { error }),
    )
  return Object.freeze({ debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') })
}
