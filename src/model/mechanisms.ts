/**
 * What works in the background and may be switched off, each with what is not done meanwhile and what becomes of it. Following live runs is not
 * among them: without it no end would be told, no stop passed on, and no slot given back.
 */
export const MECHANISMS = {
  intake:
    'Webhooks are taken and stored, and not decided: no command, push or closing has any effect until then.',
  dispatch: 'No queued run is started; each says so on its check. What is under way goes on.',
  reap: 'Runs whose processes have died are not recovered by the service, and say so on their checks. Whoever wants their domain next, or a sweep, still cleans it.',
  retell: 'Checks of queued runs keep what they said last until something happens to the run itself.',
  retention: 'Nothing is forgotten or pruned, by sweeps of the janitor neither: records and folders grow.',
  ceilings:
    'Run processes past their ceiling are left alone, by sweeps of the janitor too: their domains stay busy.',
  orders: 'Domains are neither held nor released for comments; who asked is answered when it is done.',
  outbox: 'GitHub is told nothing: checks, replies and reactions are stored, and stay as GitHub has them.',
  alarms: 'Alarms are neither looked for nor sent; those that are raised meanwhile are stored.',
  reconcile: 'GitHub is asked neither for what its webhooks did not tell nor for checks that lag behind.',
  warm: 'No process is started ahead of its locks: a run that waits for another begins a moment later.',
} as const satisfies Readonly<Record<string, string>>

export type Mechanism = keyof typeof MECHANISMS

export const MECHANISM_NAMES = Object.keys(MECHANISMS).filter(isMechanism)

export interface Switches {
  /** What does nothing until it is switched on again. */
  readonly switchedOff: readonly Mechanism[]
}

export function isOff({ switchedOff }: Switches, mechanism: Mechanism): boolean {
  return switchedOff.includes(mechanism)
}

function isMechanism(name: string): name is Mechanism {
  return Object.hasOwn(MECHANISMS, name)
}
