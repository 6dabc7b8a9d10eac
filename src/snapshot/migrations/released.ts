import { createMigrations, type Migrations } from './chain.ts'

/** The migrations of every released version of the format; 1.0.0 is the first, and minor versions need none. */
export const releasedMigrations: Migrations = createMigrations([])
