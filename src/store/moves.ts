import type { Move } from '../model/ports.ts'
import type { Database } from './database.ts'

/** Deliveries may come out of order: the youngest name stands. */
const MOVE = `
  INSERT INTO repositories (repository_id, name, clone_url, installation_id, moved_at)
  VALUES (:repositoryId, :to, :cloneUrl, :installationId, :atMs)
  ON CONFLICT (repository_id) DO UPDATE
   SET name = excluded.name, clone_url = excluded.clone_url,
       installation_id = excluded.installation_id, moved_at = excluded.moved_at
   WHERE excluded.moved_at >= moved_at`

const OWN = 'SELECT * FROM repositories WHERE repository_id = :repositoryId'

/** Those that are over, too: people look for them by the name that they know. */
const MOVE_RUNS = `
  UPDATE runs SET repository = now.name, clone_url = now.clone_url, installation_id = now.installation_id
    FROM (${OWN}) AS now WHERE runs.repository_id = now.repository_id`

/**
 * What belongs to a run is found by it, whatever has become of it: an end that was sent or given up may be sent once more. What does not, by the name that it was made with. What was made under that name after the move
 * is another repository's. Clocks differ, and who is told twice is told at the right place: GitHub leads from the old name to the new one.
 */
const MOVE_REPORTS = `
  UPDATE reports SET repository = now.name, installation_id = now.installation_id
    FROM (${OWN}) AS now
   WHERE run_id IN (SELECT id FROM runs WHERE runs.repository_id = now.repository_id)
      OR (run_id IS NULL AND state IN ('pending', 'failed')
          AND repository = :from COLLATE NOCASE AND created_at <= :atMs + 60000)`

/** What replies are still to say goes there, too. */
const MOVE_REPLIES = `
  UPDATE replies SET repository = now.name, installation_id = now.installation_id
    FROM (${OWN}) AS now
   WHERE comment_id IN (
     SELECT reply_runs.comment_id FROM reply_runs JOIN runs ON runs.id = reply_runs.run_id
      WHERE runs.repository_id = now.repository_id)`

/** Writes that a repository has moved; inside the caller's transaction. */
export function movesOn(database: Database): (move: Move) => void {
  const move = database.prepare(MOVE)
  const runs = database.prepare(MOVE_RUNS)
  const reports = database.prepare(MOVE_REPORTS)
  const replies = database.prepare(MOVE_REPLIES)
  return ({ from, ...to }) => {
    const { repositoryId, atMs } = to
    move.run(to)
    runs.run({ repositoryId })
    reports.run({ repositoryId, from, atMs })
    replies.run({ repositoryId })
  }
}
