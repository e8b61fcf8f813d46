import { type Memory, roleOf } from '../memory.ts'
import { type Account, type Repository, ROLES, type Role } from '../records.ts'
import { apiUrl, nodeId, type Schemas, timeOf } from './schemas.ts'

export function accountAnswer(url: string, account: Account) {
  const { login } = account
  const api = `${apiUrl(url)}/users/${encodeURIComponent(login)}`
  return {
    login,
    id: account.id,
    node_id: nodeId('U', account.id),
    avatar_url: `${url}/assets/avatar.svg`,
    gravatar_id: '',
    url: api,
    html_url: `${url}/${login}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type: account.kind,
    site_admin: false,
  } satisfies Schemas['simple-user']
}

/** What a person lets an App know that signs them in. */
export function personAnswer(url: string, account: Account, sinceMs: number): Schemas['public-user'] {
  const nothing = {
    name: null,
    company: null,
    blog: null,
    location: null,
    email: null,
    hireable: null,
    bio: null,
  }
  const counts = { public_repos: 0, public_gists: 0, followers: 0, following: 0 }
  const since = { created_at: timeOf(sinceMs), updated_at: timeOf(sinceMs) }
  return { ...accountAnswer(url, account), ...nothing, ...counts, ...since }
}

export function organisationAnswer(url: string, account: Account): Schemas['organization-simple-webhooks'] {
  const api = `${apiUrl(url)}/orgs/${account.login}`
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId('O', account.id),
    url: api,
    repos_url: `${api}/repos`,
    events_url: `${api}/events`,
    hooks_url: `${api}/hooks`,
    issues_url: `${api}/issues`,
    members_url: `${api}/members{/member}`,
    public_members_url: `${api}/public_members{/member}`,
    avatar_url: `${url}/assets/avatar.svg`,
    description: '',
  }
}

/** `permission` knows four words only: triage counts as read there, maintain as write; `role_name` has the role itself. */
export function permissionAnswer(
  url: string,
  memory: Memory,
  repository: Repository,
  account: Account,
): Schemas['repository-collaborator-permission'] {
  const role = roleOf(memory, repository.id, account.login)
  return {
    permission: role === null ? 'none' : LEGACY_PERMISSION[role],
    role_name: role ?? 'none',
    user: {
      ...accountAnswer(url, account),
      permissions: rightsOf(role),
      role_name: role ?? 'none',
    },
  }
}

const LEGACY_PERMISSION: Readonly<Record<Role, 'read' | 'write' | 'admin'>> = {
  read: 'read',
  triage: 'read',
  write: 'write',
  maintain: 'write',
  admin: 'admin',
}

function rightsOf(role: Role | null) {
  const atLeast = (wanted: Role) => role !== null && ROLES.indexOf(role) >= ROLES.indexOf(wanted)
  return {
    pull: atLeast('read'),
    triage: atLeast('triage'),
    push: atLeast('write'),
    maintain: atLeast('maintain'),
    admin: atLeast('admin'),
  }
}

export function associationOf(memory: Memory, repositoryId: number, account: Account) {
  const role = roleOf(memory, repositoryId, account.login)
  if (role === null) return 'NONE' as const
  return role === 'read' ? ('COLLABORATOR' as const) : ('MEMBER' as const)
}
