import type { NewReport } from '../model/report.ts'
import type { Asked } from './asked.ts'

type Place = Pick<Asked, 'repository' | 'pr'>

export type Reaction = 'eyes' | '+1' | 'confused'

/** The first thing that whoever asked sees. */
export function reactionReport(content: Reaction, commentId: number, place: Place): NewReport {
  return {
    ...base(place),
    key: `reaction:${commentId}`,
    kind: 'reaction',
    commentId,
    body: JSON.stringify({ content }),
  }
}

/** What is said about something that was asked for: the reply to its comment, of which there is one, or a comment of its own. */
export function replyReport(asked: Pick<Asked, 'topic' | 'commentId'> & Place, markdown: string): NewReport {
  return {
    ...base(asked),
    key: `reply:${asked.topic}`,
    kind: 'reply',
    commentId: asked.commentId,
    body: JSON.stringify({ body: markdown }),
  }
}

/** A comment on the pull request that answers none. `topic` makes its key, unique for ever. */
export function newsReport(topic: string, markdown: string, place: Place): NewReport {
  return replyReport({ ...place, topic, commentId: null }, markdown)
}

function base({ repository, pr }: Place) {
  return {
    runId: null,
    repository: repository.fullName,
    installationId: repository.installationId,
    pr,
    terminal: false,
  }
}
