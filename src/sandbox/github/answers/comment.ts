import { fullName, type Memory, reactionsOf, repositoryById } from '../memory.ts'
import type { Comment, Reaction, ReactionContent } from '../records.ts'
import { accountAnswer, associationOf } from './accounts.ts'
import { appAnswer } from './app.ts'
import { apiUrl, nodeId, type Schemas, timeOf } from './schemas.ts'

export function commentAnswer(url: string, memory: Memory, comment: Comment) {
  const repository = fullName(repositoryById(memory, comment.repositoryId))
  const api = `${apiUrl(url)}/repos/${repository}/issues`
  return {
    id: comment.id,
    node_id: nodeId('IC', comment.id),
    url: `${api}/comments/${comment.id}`,
    html_url: `${url}/${repository}/pull/${comment.issue}#issuecomment-${comment.id}`,
    issue_url: `${api}/${comment.issue}`,
    body: comment.body,
    user: accountAnswer(url, comment.author),
    created_at: timeOf(comment.createdAtMs),
    updated_at: timeOf(comment.updatedAtMs),
    author_association: associationOf(memory, comment.repositoryId, comment.author),
    performed_via_github_app: comment.author.id === memory.app.bot.id ? appAnswer(url, memory.app) : null,
    reactions: rollupAnswer(memory, comment, `${api}/comments/${comment.id}/reactions`),
  } satisfies Schemas['issue-comment']
}

export function reactionAnswer(url: string, reaction: Reaction): Schemas['reaction'] {
  return {
    id: reaction.id,
    node_id: nodeId('REA', reaction.id),
    user: accountAnswer(url, reaction.author),
    content: reaction.content,
    created_at: timeOf(reaction.createdAtMs),
  }
}

function rollupAnswer(memory: Memory, comment: Comment, url: string): Schemas['reaction-rollup'] {
  const reactions = reactionsOf(memory, comment.id)
  const count = (content: ReactionContent) =>
    reactions.filter((reaction) => reaction.content === content).length
  return {
    url,
    total_count: reactions.length,
    '+1': count('+1'),
    '-1': count('-1'),
    laugh: count('laugh'),
    confused: count('confused'),
    heart: count('heart'),
    hooray: count('hooray'),
    eyes: count('eyes'),
    rocket: count('rocket'),
  }
}
