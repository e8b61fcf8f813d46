import { BUDGETS, RECORDS } from './budgets.ts'
import { JANITOR } from './janitor.ts'
import { LEFTOVERS } from './leftovers.ts'
import { HANDED_OVER, LOCKS, WAITING } from './locks.ts'
import type { Mutant } from './mutant.ts'
import { PLACES, STARTS } from './queue.ts'
import { RELOADS } from './reloading.ts'
import { LIFE, STOPS } from './runs.ts'
import { SECRETS } from './secrets.ts'
import { STANDSTILLS } from './standstill.ts'
import { FOLLOWED, TAKEN_OVER } from './takeOvers.ts'
import { TREES } from './teardown.ts'
import { WRITERS } from './writers.ts'

/** All mutants, by what they are about. */
export const MUTANTS: Readonly<Record<string, readonly Mutant[]>> = {
  'Taking a lock': LOCKS,
  'Who holds it': HANDED_OVER,
  Waiting: WAITING,
  'What a run leaves': LEFTOVERS,
  'What a sweep prunes and reports': JANITOR,
  'A run’s life': LIFE,
  'Stop and wrapper': STOPS,
  'Trees and teardown': TREES,
  Budgets: BUDGETS,
  'Who is stopped for good': STANDSTILLS,
  Secrets: SECRETS,
  Records: RECORDS,
  'Who stands where in the queue': PLACES,
  'What is started': STARTS,
  'What a service finds and follows': FOLLOWED,
  'Take-overs': TAKEN_OVER,
  'Who writes to the store': WRITERS,
  'Reload and switches': RELOADS,
}
