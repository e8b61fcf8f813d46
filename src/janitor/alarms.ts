import { anAlarm, type NewAlarm } from '../model/alarm.ts'
import { formatDuration } from '../model/duration.ts'
import type { Swept } from './sweep.ts'

/** What of a sweep the operator is told of, besides what cron mails. */
export function alarmsOf(
  { leaks, findings }: Pick<Swept, 'leaks' | 'findings'>,
  atMs: number,
): readonly NewAlarm[] {
  const leaked = leaks.map(({ name, run, sinceMs, overMs, why }) =>
    anAlarm({
      kind: 'suspected_leak',
      subject: name,
      atMs,
      text: `${name} is held ${formatDuration(overMs)} over: ${why}`,
      about: { name, run, sinceMs, overMs },
    }),
  )
  const forced = findings
    .filter(({ what, action }) => what === 'run' && action === 'ended')
    .map(({ name: run, why }) => forcedAlarm(run, why, atMs))
  return [...leaked, ...forced]
}

/** A run process that was ended past its ceiling. */
export function forcedAlarm(run: string, why: string, atMs: number): NewAlarm {
  return anAlarm({
    kind: 'forced_take_over',
    subject: run,
    atMs,
    text: `The run process of ${run} was ended by force: ${why}`,
    about: { run },
  })
}
