import type { NewReport } from '../model/ports.ts'
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

/** A comment on the pull request. `topic` makes its key, unique for ever. */
export function replyReport(topic: string, markdown: string, place: Place): NewReport {
  return {
    ...base(place),
    key: `reply:${topic}`,
    kind: 'reply',
    commentId: null,
    body: JSON.stringify({ body: markdown }),
  }
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
