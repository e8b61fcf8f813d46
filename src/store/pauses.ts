import { LONGEST_WAIT_MS } from '../model/clock.ts'
import type { Store } from '../model/ports.ts'
import { fieldsOf, numberOf } from '../model/read.ts'
import type { Database } from './database.ts'

const PAUSE = `
  INSERT INTO pauses (installation_id, until, limited_until) VALUES (:installationId, :untilMs, :limitedUntilMs)
  ON CONFLICT (installation_id) DO UPDATE
   SET until = max(${held('until')}, excluded.until), limited_until = max(${held('limited_until')}, excluded.limited_until)`

const LIMITED = 'SELECT limited_until FROM pauses WHERE installation_id = :installationId'

/** Each installation's silences: those that we keep by ourselves, and those that GitHub asks for. */
export function pausesOn(
  database: Database,
  now: () => number,
): Pick<Store, 'pauseReports' | 'noteLimit' | 'limitedUntil'> {
  const pause = database.prepare(PAUSE)
  const limited = database.prepare(LIMITED)

  function write(installationId: number, untilMs: number, limitedUntilMs: number): void {
    const farMs = now() + LONGEST_WAIT_MS
    database.write(() => pause.run({ installationId, untilMs, limitedUntilMs, farMs }))
  }

  return {
    pauseReports: async (installationId, untilMs) => write(installationId, untilMs, 0),
    noteLimit: async (installationId, untilMs) => write(installationId, untilMs, untilMs),
    async limitedUntil(installationId, nowMs) {
      const row = database.read(() => limited.get({ installationId }))
      const untilMs = row === undefined ? 0 : numberOf(fieldsOf(row, 'pause'), 'limited_until')
      return untilMs > nowMs && untilMs <= nowMs + LONGEST_WAIT_MS ? untilMs : 0
    },
  }
}

/** A time that only a clock which ran ahead can have written holds nothing back. */
export function held(time: string): string {
  return `CASE WHEN ${time} > :farMs THEN 0 ELSE ${time} END`
}
