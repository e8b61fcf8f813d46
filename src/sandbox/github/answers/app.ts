import { clientIdOf } from '../app.ts'
import type { Memory } from '../memory.ts'
import type { App, Token } from '../records.ts'
import { accountAnswer } from './accounts.ts'
import { repositoryAnswer } from './repository.ts'
import { apiUrl, nodeId, type Schemas, timeOf } from './schemas.ts'

export function appAnswer(url: string, app: App) {
  return {
    id: app.id,
    slug: app.slug,
    node_id: nodeId('A', app.id),
    client_id: clientIdOf(app.id),
    owner: accountAnswer(url, app.owner),
    name: app.slug,
    description: null,
    external_url: app.homepage,
    html_url: `${url}/apps/${app.slug}`,
    created_at: timeOf(app.createdAtMs),
    updated_at: timeOf(app.createdAtMs),
    permissions: { ...app.permissions },
    events: [...app.events],
  } satisfies Schemas['integration']
}

export function installationAnswer(
  url: string,
  { app, installation }: Pick<Memory, 'app' | 'installation'>,
): Schemas['installation'] {
  const isSuspended = installation.state === 'suspended'
  return {
    id: app.installationId,
    account: accountAnswer(url, app.owner),
    repository_selection: 'all',
    access_tokens_url: `${apiUrl(url)}/app/installations/${app.installationId}/access_tokens`,
    repositories_url: `${apiUrl(url)}/installation/repositories`,
    html_url: `${url}/organizations/${app.owner.login}/settings/installations/${app.installationId}`,
    app_id: app.id,
    target_id: app.owner.id,
    target_type: 'Organization',
    permissions: { ...app.permissions },
    events: [...app.events],
    created_at: timeOf(app.createdAtMs),
    updated_at: timeOf(app.createdAtMs),
    single_file_name: null,
    app_slug: app.slug,
    suspended_by: isSuspended ? accountAnswer(url, app.owner) : null,
    suspended_at: isSuspended ? timeOf(app.createdAtMs) : null,
  }
}

export function tokenAnswer(url: string, memory: Memory, token: Token): Schemas['installation-token'] {
  const chosen = [...memory.repositories.values()].filter((repository) =>
    token.repositoryIds?.includes(repository.id),
  )
  return {
    token: token.value,
    expires_at: timeOf(token.expiresAtMs),
    permissions: { ...token.permissions },
    ...(token.repositoryIds === null
      ? { repository_selection: 'all' }
      : {
          repository_selection: 'selected',
          repositories: chosen.map((repository) => repositoryAnswer(url, memory, repository)),
        }),
  }
}
