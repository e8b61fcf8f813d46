import { commitFiles, type Files, measureChange } from './git/commit.ts'
import type { Hub } from './hub.ts'
import { findPull, fullName, keepPull, personOf, pullsOf, repositoryById } from './memory.ts'
import type { Account, Pull, Repository } from './records.ts'

export interface NewPull {
  readonly repository: Repository
  /** Where its commits are pushed: the repository itself, or a fork of it. */
  readonly headRepository: Repository
  readonly branch: string
  readonly title: string
  readonly body: string
  readonly author: string
  readonly files: Files
}

export interface Push {
  readonly message: string
  readonly files: Files
}

/** Proposes one commit on top of main as the repository's next pull request. */
export async function openPull(hub: Hub, request: NewPull): Promise<Pull> {
  const { memory, git } = hub
  const { repository, headRepository, branch } = request
  const author = personOf(memory, request.author)
  const number = pullsOf(memory, repository.id).length + 1
  const baseSha = await git.run(fullName(repository), ['rev-parse', 'refs/heads/main'])
  const sha = await commitFiles(git, fullName(repository), {
    parent: baseSha,
    refs: refsOf(number, repository.id, { repositoryId: headRepository.id, branch }),
    files: request.files,
    message: `${request.title}\n`,
    author: author.login,
    atMs: hub.now(),
  })
  const change = await measureChange(git, fullName(repository), baseSha, sha)
  const nowMs = notePush(hub, repository, headRepository, sha)
  const pull = keepPull(memory, {
    id: memory.nextId(),
    number,
    repositoryId: repository.id,
    title: request.title,
    body: request.body,
    author,
    state: 'open',
    locked: false,
    head: { repositoryId: headRepository.id, branch, sha },
    baseSha,
    change,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    closedAtMs: null,
  })
  hub.emit({ name: 'pull_request', action: 'opened', pull, sender: author })
  return pull
}

/** Pushes one more commit to a pull request's branch; an open one hears `synchronize`. */
export async function pushToPull(hub: Hub, before: Pull, push: Push): Promise<Pull> {
  const { memory, git } = hub
  const repository = repositoryById(memory, before.repositoryId)
  const sha = await commitFiles(git, fullName(repository), {
    parent: before.head.sha,
    refs: refsOf(before.number, repository.id, before.head),
    files: push.files,
    message: `${push.message}\n`,
    author: before.author.login,
    atMs: hub.now(),
  })
  const change = await measureChange(git, fullName(repository), before.baseSha, sha)
  const nowMs = notePush(hub, repository, repositoryById(memory, before.head.repositoryId), sha)
  const current = findPull(memory, repository.id, before.number) ?? before
  const pull = keepPull(memory, {
    ...current,
    head: { ...current.head, sha },
    change,
    updatedAtMs: nowMs,
  })
  if (pull.state === 'open') {
    hub.emit({
      name: 'pull_request',
      action: 'synchronize',
      pull,
      before: before.head.sha,
      sender: pull.author,
    })
  }
  return pull
}

/** Closes an open pull request without merging it; closing a closed one changes nothing. */
export function closePull(hub: Hub, pull: Pull, sender: Account): Pull {
  if (pull.state === 'closed') return pull
  const nowMs = hub.now()
  const closed = keepPull(hub.memory, { ...pull, state: 'closed', closedAtMs: nowMs, updatedAtMs: nowMs })
  hub.emit({ name: 'pull_request', action: 'closed', pull: closed, sender })
  return closed
}

/** Opens a closed pull request again; reopening an open one changes nothing. */
export function reopenPull(hub: Hub, pull: Pull, sender: Account): Pull {
  if (pull.state === 'open') return pull
  const opened = keepPull(hub.memory, { ...pull, state: 'open', closedAtMs: null, updatedAtMs: hub.now() })
  hub.emit({ name: 'pull_request', action: 'reopened', pull: opened, sender })
  return opened
}

/** A fork's branch is a ref of the fork; the repository itself has only `refs/pull/N/head` of it. */
function refsOf(number: number, repositoryId: number, head: Pick<Pull['head'], 'repositoryId' | 'branch'>) {
  const pullRef = `refs/pull/${number}/head`
  return head.repositoryId === repositoryId
    ? ([pullRef, `refs/heads/${head.branch}`] as const)
    : ([pullRef] as const)
}

function notePush(hub: Hub, repository: Repository, headRepository: Repository, sha: string): number {
  const { memory } = hub
  const nowMs = hub.now()
  memory.commits.get(repository.id)?.add(sha)
  memory.repositories.set(headRepository.id, {
    ...repositoryById(memory, headRepository.id),
    updatedAtMs: nowMs,
    pushedAtMs: nowMs,
  })
  return nowMs
}
