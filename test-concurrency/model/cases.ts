import type { Rule } from './rules.ts'
import type { Scenario } from './scenarios.ts'
import type { TICKET_RULES } from './tickets.ts'

const NOBODY = { runs: [], starters: 0, acquirers: 0, janitors: 0, kills: 0, children: 0 } as const

/** What is explored to its last state. */
export const SCENARIOS = {
  'three acquirers, two turns each, and two janitors': { ...NOBODY, names: 1, acquirers: 3, janitors: 2 },
  'two acquirers, two turns each, and two janitors': { ...NOBODY, names: 1, acquirers: 2, janitors: 2 },
  'two runs on one name, a janitor, two deaths': {
    ...NOBODY,
    names: 1,
    runs: [{ names: [0] }, { names: [0] }],
    starters: 2,
    janitors: 1,
    kills: 2,
    children: 4,
  },
  'two runs on one name that start their processes ahead, a janitor, a death': {
    ...NOBODY,
    names: 1,
    runs: [{ names: [0] }, { names: [0] }],
    starters: 2,
    janitors: 1,
    kills: 1,
    children: 5,
    warm: true,
  },
  'a run on two names, another on one of them, a janitor, a death': {
    ...NOBODY,
    names: 2,
    runs: [{ names: [0, 1] }, { names: [1] }],
    starters: 2,
    janitors: 1,
    kills: 1,
    children: 4,
  },
  'a run that died before its first process, another on one of its two names, a janitor': {
    ...NOBODY,
    names: 2,
    runs: [{ names: [0, 1], dead: 'unbegun' }, { names: [0] }],
    starters: 1,
    janitors: 1,
    children: 4,
  },
  'a dead run’s two names, another run on one of them, a janitor, and the recoverer’s death': {
    ...NOBODY,
    names: 2,
    runs: [{ names: [0, 1], dead: 'deployed' }, { names: [0] }],
    starters: 1,
    janitors: 1,
    kills: 1,
    children: 4,
  },
} as const satisfies Readonly<Record<string, Scenario>>

interface Weakening {
  readonly scenario: keyof typeof SCENARIOS
  readonly fault: RegExp
}

const LOCK_FILE = 'two acquirers, two turns each, and two janitors'
const ONE_NAME = 'two runs on one name, a janitor, two deaths'
const TWO_NAMES = 'a run on two names, another on one of them, a janitor, a death'

const WARM = 'two runs on one name that start their processes ahead, a janitor, a death'

/** Without this rule, this goes wrong. */
export const WEAKENINGS: Readonly<Record<Rule, Weakening>> = {
  comparesAfterLocking: { scenario: LOCK_FILE, fault: /both have name 0/ },
  janitorCompares: { scenario: LOCK_FILE, fault: /both have name 0/ },
  warmCompares: {
    scenario: WARM,
    fault: /is conducted, stands at name 0, and the lock of that is free|both|where run \d still stands/,
  },
  comparesLate: { scenario: LOCK_FILE, fault: /both have name 0/ },
  unlinksUnderLock: { scenario: LOCK_FILE, fault: /both have name 0/ },
  looksForLeftovers: { scenario: ONE_NAME, fault: /deploys at name 0, where run 0 still stands/ },
  looksAtOpenRuns: { scenario: ONE_NAME, fault: /stuck/ },
  onlyCleared: { scenario: ONE_NAME, fault: /the teardown of run 0 takes down what run 1 has/ },
  stopBeforeRecovery: { scenario: ONE_NAME, fault: /goes forward in a second process/ },
  neverForwardTwice: { scenario: ONE_NAME, fault: /goes forward in a second process/ },
  handsLocksOver: {
    scenario: ONE_NAME,
    fault: /is conducted, stands at name 0, and the lock of that is free/,
  },
  recordsBeforeLaunch: { scenario: ONE_NAME, fault: /stuck/ },
  tearsDownBeforeClearing: { scenario: ONE_NAME, fault: /deploys at name 0, where run 0 still stands/ },
  warmEndsWithStarter: { scenario: WARM, fault: /stuck/ },
  wrapperHolds: { scenario: ONE_NAME, fault: /is conducted, stands at name 0, and the lock of that is free/ },
  stagesHoldNothing: { scenario: ONE_NAME, fault: /stuck/ },
  runLock: { scenario: TWO_NAMES, fault: /two teardowns of run 0 at once/ },
  holdsUntilVerified: {
    scenario: TWO_NAMES,
    fault: /is conducted, stands at name 1, and the lock of that is free/,
  },
}

export const TICKET_WEAKENINGS: Readonly<Record<keyof typeof TICKET_RULES, RegExp>> = {
  comparesTicket: /is gone before it is shown/,
  lockedBeforeShown: /passes waiter 0, whose ticket it could see/,
  sweeperCompares: /is gone before it is shown/,
  sweptUnderLock: /is gone before it is shown/,
}
