import type { components } from '@octokit/openapi-types'

/** GitHub's own published shapes: an answer that drifts from them does not compile. */
export type Schemas = components['schemas']

/** GitHub's times have whole seconds. */
export function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

export function timeOrNull(atMs: number | null): string | null {
  return atMs === null ? null : timeOf(atMs)
}

/** GitHub's opaque global ids. */
export function nodeId(kind: string, id: number): string {
  return `${kind}_${Buffer.from(String(id)).toString('base64url')}`
}

/** Where Octokit looks for the API of a GitHub that is not github.com. */
export const API_PREFIX = '/api/v3'

export function apiUrl(url: string): string {
  return `${url}${API_PREFIX}`
}
