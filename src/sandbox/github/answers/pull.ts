import { commentsOf, fullName, type Memory, repositoryById } from '../memory.ts'
import type { Pull } from '../records.ts'
import { accountAnswer, associationOf } from './accounts.ts'
import { repositoryAnswer } from './repository.ts'
import { apiUrl, nodeId, type Schemas, timeOf, timeOrNull } from './schemas.ts'

/** A pull request as lists show it. */
export function pullSummaryAnswer(url: string, memory: Memory, pull: Pull) {
  const repository = repositoryById(memory, pull.repositoryId)
  return {
    ...pullUrls(url, fullName(repository), pull),
    id: pull.id,
    node_id: nodeId('PR', pull.id),
    number: pull.number,
    state: pull.state,
    locked: pull.locked,
    active_lock_reason: null,
    title: pull.title,
    user: accountAnswer(url, pull.author),
    body: pull.body,
    labels: [],
    milestone: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    created_at: timeOf(pull.createdAtMs),
    updated_at: timeOf(pull.updatedAtMs),
    closed_at: timeOrNull(pull.closedAtMs),
    merged_at: null,
    merge_commit_sha: null,
    head: endAnswer(url, memory, pull.head.repositoryId, pull.head.branch, pull.head.sha),
    base: endAnswer(url, memory, pull.repositoryId, 'main', pull.baseSha),
    author_association: associationOf(memory, pull.repositoryId, pull.author),
    auto_merge: null,
    draft: false,
  } satisfies Schemas['pull-request-simple']
}

/** A pull request by itself, with what its commits change. */
export function pullAnswer(url: string, memory: Memory, pull: Pull) {
  return {
    ...pullSummaryAnswer(url, memory, pull),
    merged: false,
    mergeable: true,
    rebaseable: true,
    mergeable_state: 'clean',
    merged_by: null,
    comments: commentsOf(memory, pull.repositoryId, pull.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: pull.change.commits,
    additions: pull.change.additions,
    deletions: pull.change.deletions,
    changed_files: pull.change.files,
  } satisfies Schemas['pull-request']
}

/** A pull request as check runs refer to it. */
export function pullReference(url: string, memory: Memory, pull: Pull) {
  return {
    id: pull.id,
    number: pull.number,
    url: `${apiUrl(url)}/repos/${fullName(repositoryById(memory, pull.repositoryId))}/pulls/${pull.number}`,
    head: {
      ref: pull.head.branch,
      sha: pull.head.sha,
      repo: repositoryReference(url, memory, pull.head.repositoryId),
    },
    base: { ref: 'main', sha: pull.baseSha, repo: repositoryReference(url, memory, pull.repositoryId) },
  } satisfies Schemas['pull-request-minimal']
}

function repositoryReference(url: string, memory: Memory, id: number) {
  const repository = repositoryById(memory, id)
  return { id, url: `${apiUrl(url)}/repos/${fullName(repository)}`, name: repository.name }
}

function endAnswer(url: string, memory: Memory, repositoryId: number, ref: string, sha: string) {
  const repository = repositoryById(memory, repositoryId)
  return {
    label: `${repository.owner.login}:${ref}`,
    ref,
    sha,
    user: accountAnswer(url, repository.owner),
    repo: repositoryAnswer(url, memory, repository),
  }
}

function pullUrls(url: string, repository: string, pull: Pull) {
  const api = `${apiUrl(url)}/repos/${repository}`
  const html = `${url}/${repository}/pull/${pull.number}`
  const urls = {
    url: `${api}/pulls/${pull.number}`,
    html_url: html,
    issue_url: `${api}/issues/${pull.number}`,
    commits_url: `${api}/pulls/${pull.number}/commits`,
    review_comments_url: `${api}/pulls/${pull.number}/comments`,
    review_comment_url: `${api}/pulls/comments{/number}`,
    comments_url: `${api}/issues/${pull.number}/comments`,
    statuses_url: `${api}/statuses/${pull.head.sha}`,
  }
  return {
    ...urls,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    _links: {
      self: { href: urls.url },
      html: { href: html },
      issue: { href: urls.issue_url },
      comments: { href: urls.comments_url },
      review_comments: { href: urls.review_comments_url },
      review_comment: { href: urls.review_comment_url },
      commits: { href: urls.commits_url },
      statuses: { href: urls.statuses_url },
    },
  }
}
