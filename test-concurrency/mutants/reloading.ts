import { type Mutant, mutant } from './mutant.ts'

const RELOADING = 'src/world/reloading.ts'
const SERVICE = 'src/world/service.ts'

const RELOAD_TEST = 'test-concurrency/service/reload.test.ts'
const REFUSED_TEST = 'test-concurrency/service/refused.test.ts'
const DISPATCHER_TEST = 'test/queue/dispatcher.test.ts'
const SWITCHED_OFF = 'who gets its names when dispatching has been switched off'
const IN_FORCE_TEST = 'test/config/inForce.test.ts'

/** What is switched off, and what is read anew. */
export const RELOADS: readonly Mutant[] = [
  mutant(
    'refusal-is-shown',
    'A reload that was refused is shown until one goes well: it is not.',
    [RELOADING, 'refused = { atMs: now(), faults: faults.length }\n', ''],
    [REFUSED_TEST, 'the log names every fault, with file and line'],
  ),
  mutant(
    'what-may-not-change',
    'A state folder may not change under a service: it may.',
    [
      'src/config.ts',
      'running === null ? [] : fixedFindings(',
      'running !== undefined ? [] : fixedFindings(',
    ],
    [IN_FORCE_TEST, 'a running service cannot follow'],
  ),
  mutant(
    'all-look-again',
    'After a reload every part looks again: when its pause is over.',
    [SERVICE, 'for (const part of others) part.wake()\n', ''],
    [RELOAD_TEST, 'R-Q-05 R-RUN-09 retention'],
  ),
  mutant(
    'one-answer-an-attempt',
    'An attempt at starting a run goes by one configuration to its end: by the one that is in force at each step.',
    [
      'src/process/machine.ts',
      'makeRequest(wishOf(row), recipe, config, runAs)',
      'makeRequest(wishOf(row), parts.inForce().recipes.find(({ name }) => name === row.recipe) ?? recipe, parts.inForce().config, runAs)',
    ],
    [REFUSED_TEST, 'a start that waits for GitHub’s token meanwhile'],
  ),
  mutant(
    'reap-off-recovers-nothing',
    'While it is switched off the service recovers no dead run, and says so: it does.',
    ['src/queue/reaper.ts', "if (world.isOff('reap')) return tellDead(world, unguarded)\n", ''],
    ['test/queue/reaper.test.ts', 'while recovering is switched off'],
  ),
  mutant(
    'dispatch-off-starts-nothing',
    'Who has its names when dispatching is switched off gives them back: it starts.',
    ['src/queue/attempts.ts', "if (this.#world.isOff('dispatch')) return turn.giveBack()\n", ''],
    [DISPATCHER_TEST, SWITCHED_OFF],
  ),
  mutant(
    'dispatch-off-steps-aside',
    'While it is switched off no queued run keeps a place among the waiters of its names: it does.',
    ['src/queue/dispatcher.ts', 'world.machine.leaveTurn(run.id)\n', ''],
    [DISPATCHER_TEST, SWITCHED_OFF],
  ),
]
