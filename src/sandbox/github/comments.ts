import type { Hub } from './hub.ts'
import { findPull, keepPull, reactionsOf } from './memory.ts'
import type { Account, Comment, Pull, Reaction, ReactionContent } from './records.ts'

export function addComment(hub: Hub, pull: Pull, author: Account, body: string): Comment {
  const { memory } = hub
  const nowMs = hub.now()
  const comment: Comment = {
    id: memory.nextId(),
    repositoryId: pull.repositoryId,
    issue: pull.number,
    author,
    body,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  }
  memory.comments.set(comment.id, comment)
  touch(hub, comment)
  hub.emit({ name: 'issue_comment', action: 'created', comment, sender: author })
  return comment
}

export function editComment(hub: Hub, comment: Comment, sender: Account, body: string): Comment {
  const edited: Comment = { ...comment, body, updatedAtMs: hub.now() }
  hub.memory.comments.set(comment.id, edited)
  touch(hub, edited)
  hub.emit({ name: 'issue_comment', action: 'edited', comment: edited, before: comment.body, sender })
  return edited
}

/** Takes a comment away, and the reactions to it. */
export function deleteComment(hub: Hub, comment: Comment, sender: Account): void {
  const { memory } = hub
  for (const reaction of reactionsOf(memory, comment.id)) memory.reactions.delete(reaction.id)
  memory.comments.delete(comment.id)
  touch(hub, comment)
  hub.emit({ name: 'issue_comment', action: 'deleted', comment, sender })
}

/** A person reacts with one content once: doing it again finds the reaction that is there. No webhook tells of reactions. */
export function react(
  hub: Hub,
  comment: Comment,
  author: Account,
  content: ReactionContent,
): { readonly reaction: Reaction; readonly fresh: boolean } {
  const { memory } = hub
  const same = reactionsOf(memory, comment.id).find(
    (reaction) => reaction.author.id === author.id && reaction.content === content,
  )
  if (same !== undefined) return { reaction: same, fresh: false }
  const reaction: Reaction = {
    id: memory.nextId(),
    commentId: comment.id,
    author,
    content,
    createdAtMs: hub.now(),
  }
  memory.reactions.set(reaction.id, reaction)
  return { reaction, fresh: true }
}

function touch(hub: Hub, comment: Comment): void {
  const pull = findPull(hub.memory, comment.repositoryId, comment.issue)
  if (pull !== null) keepPull(hub.memory, { ...pull, updatedAtMs: hub.now() })
}
