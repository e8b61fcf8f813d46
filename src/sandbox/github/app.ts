import { ORGANISATION } from './example.ts'
import type { App, Permissions } from './records.ts'

const SLUG = 'berth-sandbox'

/** What berth needs, and no more: nothing that could push or merge (R-CMD-11). */
export const APP_PERMISSIONS: Permissions = {
  checks: 'write',
  contents: 'read',
  issues: 'write',
  metadata: 'read',
  pull_requests: 'write',
}
/** What it subscribes to. GitHub sends `check_suite` to every App with `checks: write`, and `installation…` to every App, unasked. */
export const APP_EVENTS = ['check_run', 'issue_comment', 'pull_request', 'repository'] as const

/** GitHub's client ids of Apps look so. */
export function clientIdOf(appId: number): string {
  return `Iv23li${String(appId).padStart(14, '0')}`
}

export interface AppRegistration {
  readonly id: number
  /** PEM. */
  readonly publicKey: string
  readonly homepage: string
  readonly permissions: Permissions
  readonly events: readonly string[]
  readonly atMs: number
}

/** The App as registered here: it belongs to the organisation and is installed on it. */
export function registeredApp(registration: AppRegistration): App {
  const { id, publicKey, homepage, permissions, events, atMs } = registration
  return {
    id,
    slug: SLUG,
    owner: ORGANISATION,
    bot: { id: 2, login: `${SLUG}[bot]`, kind: 'Bot' },
    publicKey,
    homepage,
    permissions,
    events,
    installationId: 3,
    createdAtMs: atMs,
  }
}
