import type { StaleReply, Store } from '../model/ports.ts'
import { type RunPage, replyBody } from '../model/reply.ts'
import type { NewReport } from '../model/report.ts'

/** The key of the first form of the reply to a comment. */
export function replyKey(commentId: number): string {
  return `reply:${commentId}`
}

/** Stores what replies are to say now of runs that have ended since; whoever sends reports goes on from there. */
export async function refreshReplies(
  store: Pick<Store, 'staleReplies' | 'tellReply'>,
  page: RunPage,
): Promise<void> {
  for (const reply of await store.staleReplies()) await store.tellReply(reply, newForm(reply, page))
}

function newForm(reply: StaleReply, page: RunPage): NewReport {
  const { commentId, repository, installationId, pr, parts, runs, orders } = reply
  const told = new Map(runs.map((run) => [run.id, { ...run, stopping: run.stop !== null }]))
  const body = replyBody(parts, { runs: told, orders }, page)
  return {
    key: `${replyKey(commentId)}:${reply.change}`,
    kind: 'reply',
    runId: null,
    repository,
    installationId,
    pr,
    commentId,
    body: JSON.stringify({ body }),
    terminal: false,
  }
}
