// All workloads, in the order in which they are run and printed.
import { document } from './document.mjs'
import { durable } from './durable.mjs'
import { engine } from './engine.mjs'
import { history } from './history.mjs'
import { many } from './many.mjs'
import { map } from './map.mjs'
import { resume } from './resume.mjs'
import { save } from './save.mjs'
import { start } from './start.mjs'
import { values } from './values.mjs'

export const workloads = [engine, map, durable, many, resume, save, document, history, values, start]
