import { checkedComment } from './api/comments.ts'
import { ApiError } from './api/errors.ts'
import { requestAction, rerequestCheckRun, rerequestCheckSuite } from './checks.ts'
import { addComment, deleteComment, editComment } from './comments.ts'
import type { Hub } from './hub.ts'
import { findPull, repositoryById, roleOf } from './memory.ts'
import { closePull, type NewPull, openPull, type Push, pushToPull, reopenPull } from './pulls.ts'
import {
  type Account,
  type CheckRun,
  type Comment,
  type Pull,
  type Repository,
  ROLES,
  type Role,
} from './records.ts'

/**
 * What people do in one repository, each by login, as far as GitHub lets them: somebody without the right gets an error that
 * says which role it takes. Pull requests are named by number, comments and check runs by id.
 */
export interface People {
  comment(pull: number, login: string, body: string): Comment
  editComment(id: number, login: string, body: string): Comment
  deleteComment(id: number, login: string): void
  /** Opens a pull request with one commit on top of main; `fork` pushes it to this repository instead. */
  openPull(
    request: Omit<NewPull, 'repository' | 'headRepository'> & { readonly fork?: Repository },
  ): Promise<Pull>
  /** The pull request's author pushes one more commit. */
  push(pull: number, push: Push): Promise<Pull>
  close(pull: number, login: string): Pull
  reopen(pull: number, login: string): Pull
  /** GitHub's own Re-run button. */
  rerequest(checkRunId: number, login: string): void
  /** GitHub's own button for all checks of a pull request's head. */
  rerequestAll(pull: number, login: string): void
  /** One of the App's own buttons. */
  requestAction(checkRunId: number, identifier: string, login: string): void
}

export function newPeople(hub: Hub, repository: Repository): People {
  const { memory } = hub
  const { allowed, pullOf, commentOf, checkRunOf } = findersIn(hub, repository)
  return {
    comment: (number, login, body) =>
      addComment(hub, pullOf(number), allowed(login, 'read'), checkedComment({ body }).body),
    editComment: (id, login, body) => {
      const comment = commentOf(id)
      return editComment(hub, comment, allowed(login, 'write', comment.author), checkedComment({ body }).body)
    },
    deleteComment: (id, login) => {
      const comment = commentOf(id)
      deleteComment(hub, comment, allowed(login, 'write', comment.author))
    },
    openPull: ({ fork, ...request }) => {
      const headRepository = fork ?? repositoryById(memory, repository.id)
      return openPull(hub, { ...request, repository, headRepository })
    },
    push: (number, push) => pushToPull(hub, pullOf(number), push),
    close: (number, login) => {
      const pull = pullOf(number)
      return closePull(hub, pull, allowed(login, 'triage', pull.author))
    },
    reopen: (number, login) => {
      const pull = pullOf(number)
      return reopenPull(hub, pull, allowed(login, 'triage', pull.author))
    },
    rerequest: (id, login) => rerequestCheckRun(hub, checkRunOf(id), allowed(login, 'write')),
    rerequestAll: (number, login) => {
      const { sha } = pullOf(number).head
      const runs = [...memory.checkRuns.values()].filter((run) => run.repositoryId === repository.id)
      const checkRun = found(
        runs.find((run) => run.sha === sha),
        `check run at ${sha}`,
      )
      rerequestCheckSuite(hub, checkRun, allowed(login, 'write'))
    },
    requestAction: (id, identifier, login) => {
      const run = checkRunOf(id)
      if (!run.actions.some((action) => action.identifier === identifier))
        throw new ApiError(422, `check run ${id} offers no action ${identifier}`)
      requestAction(hub, run, identifier, allowed(login, 'write'))
    },
  }
}

/** Things by number or id, and people by what they may do. */
function findersIn({ memory }: Hub, repository: Repository) {
  return {
    /** The account, if it may: its role is enough, or the thing is its own. */
    allowed: (login: string, least: Role, owner?: Account): Account => {
      const account = memory.accounts.get(login)
      if (account?.kind !== 'User') throw new ApiError(403, `There is no person called ${login} here`)
      const role = roleOf(memory, repository.id, login)
      if (role !== null && (account.id === owner?.id || ROLES.indexOf(role) >= ROLES.indexOf(least)))
        return account
      throw new ApiError(403, `${login} has the role ${role ?? 'none'}; this takes ${least}`)
    },
    pullOf: (number: number): Pull =>
      found(findPull(memory, repository.id, number), `pull request ${number}`),
    commentOf: (id: number): Comment => found(memory.comments.get(id), `comment ${id}`),
    checkRunOf: (id: number): CheckRun => found(memory.checkRuns.get(id), `check run ${id}`),
  }
}

function found<T>(thing: T | null | undefined, what: string): T {
  if (thing === null || thing === undefined) throw new ApiError(404, `There is no ${what} here`)
  return thing
}
