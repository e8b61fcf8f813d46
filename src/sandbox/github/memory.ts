import type {
  Account,
  App,
  CheckRun,
  Comment,
  Pull,
  Reaction,
  Repository,
  Role,
  Token,
  UserToken,
} from './records.ts'

/** All that this GitHub knows, in memory: it begins anew with every start. */
export interface Memory {
  readonly app: App
  readonly accounts: Map<string, Account>
  readonly repositories: Map<number, Repository>
  /** Of repositories that were renamed, by `owner/name` in lower case. */
  readonly formerNames: Map<string, number>
  /** Of the App on the organisation. */
  readonly installation: { state: 'active' | 'suspended' | 'gone' }
  /** Role of each person (by login) on each repository (by id). */
  readonly roles: Map<number, Map<string, Role>>
  /** Every commit that was pushed to a repository or proposed to it. */
  readonly commits: Map<number, Set<string>>
  /** Pull requests by `<repository id>#<number>`. */
  readonly pulls: Map<string, Pull>
  readonly comments: Map<number, Comment>
  readonly reactions: Map<number, Reaction>
  readonly checkRuns: Map<number, CheckRun>
  readonly tokens: Map<string, Token>
  readonly userTokens: Map<string, UserToken>
  nextId(): number
}

/** An empty memory that knows the App. Ids count up from `firstId`, one sequence for everything. */
export function newMemory(app: App, firstId: number): Memory {
  let lastId = firstId - 1
  return {
    app,
    accounts: new Map(),
    repositories: new Map(),
    formerNames: new Map(),
    installation: { state: 'active' },
    roles: new Map(),
    commits: new Map(),
    pulls: new Map(),
    comments: new Map(),
    reactions: new Map(),
    checkRuns: new Map(),
    tokens: new Map(),
    userTokens: new Map(),
    nextId: () => ++lastId,
  }
}

/** The repository with this owner and name (GitHub compares both without case), or null. */
export function findRepository(memory: Memory, owner: string, name: string): Repository | null {
  const wanted = `${owner}/${name}`.toLowerCase()
  const found = [...memory.repositories.values()].find(
    (repository) => fullName(repository).toLowerCase() === wanted,
  )
  return found ?? null
}

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`
}

export function repositoryById(memory: Memory, id: number): Repository {
  const repository = memory.repositories.get(id)
  if (repository === undefined) throw new Error(`no repository has the id ${id}`)
  return repository
}

export function findPull(memory: Memory, repositoryId: number, number: number): Pull | null {
  return memory.pulls.get(`${repositoryId}#${number}`) ?? null
}

export function keepPull(memory: Memory, pull: Pull): Pull {
  memory.pulls.set(`${pull.repositoryId}#${pull.number}`, pull)
  return pull
}

/** Pull requests of a repository, oldest first. */
export function pullsOf(memory: Memory, repositoryId: number): readonly Pull[] {
  return [...memory.pulls.values()].filter((pull) => pull.repositoryId === repositoryId)
}

export function commentsOf(memory: Memory, repositoryId: number, issue: number): readonly Comment[] {
  return [...memory.comments.values()].filter(
    (comment) => comment.repositoryId === repositoryId && comment.issue === issue,
  )
}

export function reactionsOf(memory: Memory, commentId: number): readonly Reaction[] {
  return [...memory.reactions.values()].filter((reaction) => reaction.commentId === commentId)
}

/** Check runs of a commit, newest first. */
export function checkRunsOf(memory: Memory, repositoryId: number, sha: string): readonly CheckRun[] {
  return [...memory.checkRuns.values()]
    .filter((run) => run.repositoryId === repositoryId && run.sha === sha)
    .reverse()
}

export function roleOf(memory: Memory, repositoryId: number, login: string): Role | null {
  return memory.roles.get(repositoryId)?.get(login) ?? null
}

/** The person with this login; throws where there is none (callers that serve outsiders ask `accounts`). */
export function personOf(memory: Memory, login: string): Account {
  const account = memory.accounts.get(login)
  if (account === undefined) throw new Error(`there is no person called ${login} here`)
  return account
}

/** Open pull requests of the repository's own branches whose head is this commit: GitHub does not look into forks. */
export function pullsAtHead(memory: Memory, repositoryId: number, sha: string): readonly Pull[] {
  return pullsOf(memory, repositoryId).filter(
    (pull) => pull.state === 'open' && pull.head.sha === sha && pull.head.repositoryId === repositoryId,
  )
}
