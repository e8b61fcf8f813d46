import { fullName, type Memory, pullsOf } from '../memory.ts'
import type { Repository } from '../records.ts'
import { accountAnswer, organisationAnswer } from './accounts.ts'
import { apiUrl, nodeId, type Schemas, timeOf } from './schemas.ts'

/** A repository as lists, pull requests and webhooks show it. Every repository here is private: git and the API want a token. */
export function repositoryAnswer(url: string, memory: Memory, repository: Repository) {
  const openIssues = pullsOf(memory, repository.id).filter((pull) => pull.state === 'open').length
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: fullName(repository),
    owner: accountAnswer(url, repository.owner),
    private: true,
    visibility: 'private' as const,
    description: repository.description,
    fork: repository.fork,
    ...apiUrls(`${apiUrl(url)}/repos/${fullName(repository)}`),
    ...webUrls(url, repository),
    homepage: null,
    language: 'HTML',
    forks_count: 0,
    forks: 0,
    stargazers_count: 0,
    watchers_count: 0,
    watchers: 0,
    size: 1,
    default_branch: 'main',
    open_issues_count: openIssues,
    open_issues: openIssues,
    is_template: false,
    topics: [],
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: false,
    has_discussions: false,
    archived: repository.archived,
    disabled: false,
    allow_forking: true,
    web_commit_signoff_required: false,
    custom_properties: {},
    pushed_at: timeOf(repository.pushedAtMs),
    created_at: timeOf(repository.createdAtMs),
    updated_at: timeOf(repository.updatedAtMs),
    license: null,
  } satisfies Schemas['repository'] & Schemas['repository-webhooks']
}

export function fullRepositoryAnswer(
  url: string,
  memory: Memory,
  repository: Repository,
): Schemas['full-repository'] {
  return {
    ...repositoryAnswer(url, memory, repository),
    organization: accountAnswer(url, repository.owner),
    subscribers_count: 0,
    network_count: 0,
  }
}

export function repositoryEnvelope(url: string, memory: Memory, repository: Repository) {
  const { app } = memory
  return {
    repository: repositoryAnswer(url, memory, repository),
    organization: organisationAnswer(url, app.owner),
    installation: {
      id: app.installationId,
      node_id: nodeId('INS', app.installationId),
    },
  }
}

function webUrls(url: string, repository: Repository) {
  const html = `${url}/${fullName(repository)}`
  return {
    html_url: html,
    clone_url: `${html}.git`,
    git_url: `git:${html.slice(html.indexOf(':') + 1)}.git`,
    ssh_url: `git@${new URL(url).hostname}:${fullName(repository)}.git`,
    svn_url: html,
    mirror_url: null,
  }
}

function apiUrls(api: string) {
  return {
    url: api,
    archive_url: `${api}/{archive_format}{/ref}`,
    assignees_url: `${api}/assignees{/user}`,
    blobs_url: `${api}/git/blobs{/sha}`,
    branches_url: `${api}/branches{/branch}`,
    collaborators_url: `${api}/collaborators{/collaborator}`,
    comments_url: `${api}/comments{/number}`,
    commits_url: `${api}/commits{/sha}`,
    compare_url: `${api}/compare/{base}...{head}`,
    contents_url: `${api}/contents/{+path}`,
    contributors_url: `${api}/contributors`,
    deployments_url: `${api}/deployments`,
    downloads_url: `${api}/downloads`,
    events_url: `${api}/events`,
    forks_url: `${api}/forks`,
    git_commits_url: `${api}/git/commits{/sha}`,
    git_refs_url: `${api}/git/refs{/sha}`,
    git_tags_url: `${api}/git/tags{/sha}`,
    hooks_url: `${api}/hooks`,
    issue_comment_url: `${api}/issues/comments{/number}`,
    issue_events_url: `${api}/issues/events{/number}`,
    issues_url: `${api}/issues{/number}`,
    keys_url: `${api}/keys{/key_id}`,
    labels_url: `${api}/labels{/name}`,
    languages_url: `${api}/languages`,
    merges_url: `${api}/merges`,
    milestones_url: `${api}/milestones{/number}`,
    notifications_url: `${api}/notifications{?since,all,participating}`,
    pulls_url: `${api}/pulls{/number}`,
    releases_url: `${api}/releases{/id}`,
    stargazers_url: `${api}/stargazers`,
    statuses_url: `${api}/statuses/{sha}`,
    subscribers_url: `${api}/subscribers`,
    subscription_url: `${api}/subscription`,
    tags_url: `${api}/tags`,
    teams_url: `${api}/teams`,
    trees_url: `${api}/git/trees{/sha}`,
  }
}
