/** The rules of the protocol. Each one can be left out, and the model must then find what goes wrong: else it proves nothing. */
export const RULES = {
  comparesAfterLocking: 'who has locked compares descriptor and path, and begins again where they differ',
  janitorCompares: 'the janitor does so, too',
  warmCompares: 'who locks a file that it has opened ahead does so, too',
  comparesLate: 'the comparison comes after the lock, not before it',
  looksForLeftovers: 'who has the lock looks for marks and open runs before it uses the name',
  looksAtOpenRuns: 'it looks at the entries in `open/`, not only at marks',
  runLock: 'who conducts or recovers a run has the lock of its journal',
  onlyCleared: 'a run whose teardown is verified is only cleared, never torn down again',
  stopBeforeRecovery: 'who recovers asks the run to stop before it launches the wrapper',
  neverForwardTwice: 'a second process of a run tears down, and never goes forward',
  handsLocksOver: 'the recovery has the locks under which the name was found dirty, as long as it works',
  recordsBeforeLaunch: 'entry and marks are on disk before the wrapper is launched',
  tearsDownBeforeClearing: 'marks and entry go only after the teardown',
  holdsUntilVerified: 'the run holds its locks until its teardown is verified',
  wrapperHolds: 'the wrapper holds the locks, too, and starts the run process again',
  stagesHoldNothing: 'a stage never has a lock’s descriptor',
  warmEndsWithStarter: 'a process that was started ahead of its lock ends with its starter',
  unlinksUnderLock:
    'the janitor unlinks under the same acquisition under which it found the file idle, and closes after that',
} as const

export type Rule = keyof typeof RULES
export type Rules = Readonly<Record<Rule, boolean>>

export const ALL = Object.fromEntries(Object.keys(RULES).map((rule) => [rule, true])) as Rules

export function without(...rules: readonly Rule[]): Rules {
  return { ...ALL, ...Object.fromEntries(rules.map((rule) => [rule, false])) }
}
