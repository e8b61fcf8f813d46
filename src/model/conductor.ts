import { plainText } from './plainText.ts'

/** How the process that a run's journal names last stands to the kernel: by pid, start time and boot together. */
export const CONDUCTOR_STANDS = ['live', 'gone', 'earlier_boot'] as const
export type ConductorStand = (typeof CONDUCTOR_STANDS)[number]

/** The process that has a run, or had it last, and with it the run's end. Times are wall clock, milliseconds. */
export interface Conductor {
  readonly pid: number
  readonly wrapper: number
  readonly sinceMs: number
  /** Which of the run's processes it is, from 1: one after the first tears down and concludes. */
  readonly nth: number
  /** Who has recovered the run, where somebody has. */
  readonly recoveredBy: string | null
  readonly stands: ConductorStand
}

/**
 * Who is to bring a run to its end, for people.
 * @param dead nobody has any of its names
 */
export function conductorWords(conductor: Conductor | null, dead: boolean): string {
  if (conductor === null)
    return dead
      ? `nobody: no process of it has begun; ${TAKEN}`
      : 'its wrapper, whose first process has not begun yet'
  const { pid, wrapper, nth, recoveredBy, stands } = conductor
  const process = `process ${pid}`
  if (stands === 'live') {
    const by = recoveredBy === null ? '' : ` for ${plainText(recoveredBy)}`
    const does = nth === 1 ? '' : `, the ${nth}. of the run: it tears down and concludes${by}`
    return `${process} of wrapper ${wrapper}${does}`
  }
  const gone =
    stands === 'gone' ? `${process} is gone` : `${process} ended with an earlier boot of the machine`
  return dead ? `nobody: ${gone}; ${TAKEN}` : `whoever has its names: ${gone}, and the next one is on its way`
}

const TAKEN = 'the service, the next holder of a name of it, or the janitor takes it over'
