import { type Fields, fieldsOf, listOf, numberOf, optional, textOf } from '../model/read.ts'

/** A repository has another name or owner. */
export interface MovedEvent {
  readonly kind: 'moved'
  readonly repositoryId: string
  /** `owner/name`, as it was. */
  readonly from: string
  readonly to: string
  readonly cloneUrl: string
  readonly installationId: number
  /** GitHub's clock. */
  readonly atMs: number
}

/** Nobody can be told any more of what runs there. */
export interface GoneEvent {
  readonly kind: 'gone'
  readonly what: 'repository' | 'installation'
  readonly how: string
  readonly by: string
  /** Null = all of the installation. */
  readonly repositoryIds: readonly string[] | null
  readonly installationId: number
}

interface IgnoredEvent {
  readonly kind: 'ignored'
  readonly why: string
}

/** @throws TypeError naming the field that is not what GitHub documents */
export function readRepositoryEvent(fields: Fields, action: string): MovedEvent | GoneEvent | IgnoredEvent {
  const repository = fieldsOf(fields['repository'], 'repository')
  if (action === 'renamed' || action === 'transferred')
    return {
      kind: 'moved',
      repositoryId: String(numberOf(repository, 'id')),
      from: formerName(fields, repository),
      to: textOf(repository, 'full_name'),
      cloneUrl: textOf(repository, 'clone_url'),
      installationId: installationOf(fields),
      atMs: timeOf(repository, 'updated_at'),
    }
  if (action !== 'deleted' && action !== 'archived') return { kind: 'ignored', why: `repository_${action}` }
  return gone('repository', action, [String(numberOf(repository, 'id'))], fields)
}

/** Sent to every App, unasked: its own installation on an account. */
export function readInstallation(fields: Fields, action: string): GoneEvent | IgnoredEvent {
  if (action !== 'deleted' && action !== 'suspend') return { kind: 'ignored', why: `installation_${action}` }
  return gone('installation', action, null, fields)
}

/** Sent to every App, unasked: which repositories of an account it may see. */
export function readInstallationRepositories(fields: Fields, action: string): GoneEvent | IgnoredEvent {
  if (action !== 'removed') return { kind: 'ignored', why: `installation_repositories_${action}` }
  const ids = listOf(fields, 'repositories_removed', (one) =>
    String(numberOf(fieldsOf(one, 'repository'), 'id')),
  )
  return gone('repository', action, ids, fields)
}

function gone(
  what: GoneEvent['what'],
  how: string,
  repositoryIds: GoneEvent['repositoryIds'],
  fields: Fields,
): GoneEvent {
  const by = textOf(fieldsOf(fields['sender'], 'sender'), 'login')
  return { kind: 'gone', what, how, by, repositoryIds, installationId: installationOf(fields) }
}

function installationOf(fields: Fields): number {
  return numberOf(fieldsOf(fields['installation'], 'installation'), 'id')
}

/** `changes` has what was changed: the name of a renamed repository, the owner (a person or an organisation) of one that was handed over. */
function formerName(fields: Fields, repository: Fields): string {
  const changes = fieldsOf(fields['changes'], 'changes')
  const [owner, name] = textOf(repository, 'full_name').split('/')
  const inside = (within: Fields, key: string) => optional(within, key, (all) => fieldsOf(all[key], key))
  const renamed = inside(inside(changes, 'repository') ?? {}, 'name')
  const from = inside(inside(changes, 'owner') ?? {}, 'from')
  const former = from === null ? null : (inside(from, 'user') ?? inside(from, 'organization'))
  return `${former === null ? owner : textOf(former, 'login')}/${renamed === null ? name : textOf(renamed, 'from')}`
}

function timeOf(fields: Fields, key: string): number {
  const ms = Date.parse(textOf(fields, key))
  if (Number.isFinite(ms)) return ms
  throw new TypeError(`${key} must be a time, and is ${String(fields[key])}`)
}
