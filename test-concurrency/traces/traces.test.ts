import { describe, expect } from 'vitest'
import { HAS_STRACE } from '../fixtures/needs.ts'
import { test } from '../fixtures/test.ts'
import type { World } from '../fixtures/world.ts'
import { record, replayed, replayedTickets, type Scene } from './recorded.ts'
import {
  deadWaiter,
  holdsAndJanitors,
  killedAndRecovered,
  killedAndSwept,
  runAndJanitor,
  runsInTurn,
  startedAgain,
  startedAhead,
  twoNames,
  twoRecoverers,
} from './scenes.ts'
import { twoServices } from './serviceScene.ts'
import {
  OF_A_JANITOR,
  OF_A_RECOVERY,
  OF_A_RUN,
  OF_TICKETS,
  OF_TWO_RUNS,
  type Tampering,
} from './tamperings.ts'
import { OF_TWO_RECOVERERS, OF_TWO_SERVICES, OF_WARM_RUNS } from './warmTamperings.ts'

type Tamperings = Readonly<Record<string, Tampering>>

/** What is played, and what would be no path of the model. */
const SCENES: Readonly<Record<string, readonly [(world: World) => Promise<Scene>, Tamperings]>> = {
  'a run, and a janitor that removes its lock file': [runAndJanitor, { ...OF_A_RUN, ...OF_A_JANITOR }],
  'a hold and three runs on one name': [runsInTurn, OF_TWO_RUNS],
  'all of a run killed, a janitor before that, and the next run recovers it': [
    killedAndRecovered,
    OF_A_RECOVERY,
  ],
  'all of a run killed, and a janitor recovers it': [killedAndSwept, OF_A_RECOVERY],
  'a run process killed, and started again by its wrapper': [startedAgain, {}],
  'runs whose processes are started ahead of their locks, one of them killed meanwhile': [
    startedAhead,
    OF_WARM_RUNS,
  ],
  'a service that is killed beside its run, and the next one': [twoServices, OF_TWO_SERVICES],
  'two recoverers of one dead run, each with one of its names': [
    twoRecoverers,
    { ...OF_A_RECOVERY, ...OF_TWO_RECOVERERS },
  ],
  'runs with domains of their own that want one resource': [twoNames, {}],
  'a waiter killed between two others': [deadWaiter, OF_TICKETS],
  'four holders and janitors, all at once': [holdsAndJanitors, {}],
}

describe.skipIf(!HAS_STRACE)('what the kernel saw (strace), replayed through the model', () => {
  test.for(Object.entries(SCENES))(
    'R-LCK-05 R-LCK-06 R-LCK-15 R-LCK-16 case 13: is a path of the model, and would be none with a rule broken: %s',
    async ([, [play, tamperings]], { world }) => {
      const recorded = await record(world, play)
      const { refused, last } = replayed(recorded)
      expect(refused).toBe('')
      expect(recorded.model.isSettled(last)).toBe(true)
      if (recorded.hasTickets) expect(replayedTickets(recorded).refused, 'its tickets').toBe('')
      for (const [what, { tamper, says, isOfTickets }] of Object.entries(tamperings)) {
        const tampered = { ...recorded, trace: tamper(recorded.trace, recorded.commands) }
        const { refused: why } = isOfTickets === true ? replayedTickets(tampered) : replayed(tampered)
        expect.soft(why, what).toMatch(says)
      }
    },
  )
})
