import { createMigrations, type Migrations } from './chain.ts'

/** The migrations of every released version of the format; 1.0.0 is the first, so there are none yet. */
export const releasedMigrations: Migrations = createMigrations([])
