import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'

/** What the file itself has seen of one write to a run's row. */
export interface Write {
  readonly run: string
  readonly was: string
  readonly now: string
  readonly attempts: number
  readonly wasVerdict: string | null
  readonly nowVerdict: string | null
}

export interface History extends Disposable {
  readonly writes: () => readonly Write[]
}

/**
 * Written by triggers that stand in the file, so by whichever process makes the change. The two tables with constraints are looked at when a transaction
 * ends (sqlite.org/foreignkeys.html, deferred): one that leaves a run queued without its first report, or over without its last one, fails as
 * a whole.
 */
const WATCH = `
CREATE TABLE history (seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT, was TEXT, now TEXT, attempts INTEGER, was_verdict TEXT, now_verdict TEXT);
CREATE TRIGGER note_write AFTER UPDATE ON runs BEGIN
  INSERT INTO history (run, was, now, attempts, was_verdict, now_verdict)
  VALUES (NEW.id, OLD.state, NEW.state, NEW.attempts - OLD.attempts, OLD.verdict, NEW.verdict);
END;

CREATE TABLE told (what TEXT PRIMARY KEY);
CREATE TABLE owed (what TEXT PRIMARY KEY REFERENCES told (what) DEFERRABLE INITIALLY DEFERRED);
CREATE TRIGGER note_queued AFTER INSERT ON runs BEGIN INSERT INTO owed VALUES ('first report of ' || NEW.id); END;
CREATE TRIGGER note_over AFTER UPDATE ON runs WHEN NEW.state = 'concluded' AND OLD.state <> 'concluded'
  BEGIN INSERT INTO owed VALUES ('last report of ' || NEW.id); END;
CREATE TRIGGER note_told AFTER INSERT ON reports WHEN NEW.kind = 'check' BEGIN
  INSERT OR IGNORE INTO told VALUES ('first report of ' || NEW.run_id);
  INSERT OR IGNORE INTO told SELECT 'last report of ' || NEW.run_id WHERE NEW.terminal = 1;
END;
`

/** From now on; the store must have made its tables. */
export function watchHistory(file: string): History {
  const connection = new DatabaseSync(file, { timeout: 5_000 })
  connection.exec(WATCH)
  const all = connection.prepare('SELECT * FROM history ORDER BY seq')
  return {
    writes: () =>
      all.all().map((row) => ({
        run: String(row['run']),
        was: String(row['was']),
        now: String(row['now']),
        attempts: Number(row['attempts']),
        wasVerdict: textOrNull(row['was_verdict']),
        nowVerdict: textOrNull(row['now_verdict']),
      })),
    [Symbol.dispose]: () => connection.close(),
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** By hand, and not from the product: a table that was changed must be changed here, too. */
export const STEPS: ReadonlySet<string> = new Set([
  'queued > starting',
  'queued > concluded',
  'starting > queued',
  'starting > running',
  'starting > tearing_down',
  'starting > concluded',
  'running > tearing_down',
  'running > concluded',
  'tearing_down > concluded',
])

/** What must be true of every write that the file has ever seen. */
export function expectLegal(writes: readonly Write[]): void {
  const steps = writes.filter(({ was, now }) => was !== now)
  expect(steps.filter(({ was, now }) => !STEPS.has(`${was} > ${now}`))).toEqual([])
  const begins = ({ was, now }: Write) => was !== now && now === 'starting'
  expect(writes.filter((write) => write.attempts !== Number(begins(write)))).toEqual([])
  expect(
    writes.filter(({ wasVerdict, nowVerdict }) => wasVerdict !== null && wasVerdict !== nowVerdict),
  ).toEqual([])
  expect(writes.filter(({ now, nowVerdict }) => (now === 'concluded') !== (nowVerdict !== null))).toEqual([])
}
