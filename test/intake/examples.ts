import { createRequire } from 'node:module'
import { type Fields, fieldsOf, listOf, textOf } from '../../src/model/read.ts'

/** Payloads as GitHub has sent them. */
const definitions: unknown = createRequire(import.meta.url)('@octokit/webhooks-examples')

/** The first example of an event's action, with fields put over it, at any depth. */
export function example(event: string, action: string, change: Fields = {}): Fields {
  const all = listOf({ definitions }, 'definitions', (value) => fieldsOf(value, 'definition'))
  const definition = all.find((one) => textOf(one, 'name') === event) ?? {}
  const payloads = listOf(definition, 'examples', (value) => fieldsOf(value, 'example'))
  const found = payloads.find((payload) => payload['action'] === action)
  if (found === undefined) throw new Error(`there is no example of ${event}.${action}`)
  return merged(found, change)
}

/** All of them, whatever the event. */
export function allExamples(): readonly { readonly event: string; readonly payload: Fields }[] {
  return listOf({ definitions }, 'definitions', (value) => fieldsOf(value, 'definition')).flatMap(
    (definition) =>
      listOf(definition, 'examples', (value) => fieldsOf(value, 'example')).map((payload) => ({
        event: textOf(definition, 'name'),
        payload: merged(payload, INSTALLATION),
      })),
  )
}

function merged(base: Fields, change: Fields): Fields {
  const fields = Object.entries(change).map(([key, value]) => {
    const old = base[key]
    return [key, isFields(old) && isFields(value) ? merged(old, value) : value] as const
  })
  return { ...base, ...Object.fromEntries(fields) }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const WRITER = { login: 'Codertocat', id: 21031067, type: 'User' } as const
export const REPOSITORY_ID = 186853002
export const INSTALLATION = { installation: { id: 7 } } as const
export const HEAD = 'ec26c3e57ca3a959ca5aad62de7213c562f8c821'
export const PR = 2

/** Somebody's comment on a pull request, a second after its head was pushed. */
export function commentOf(body: string, change: Fields = {}): Fields {
  const base = example('issue_comment', 'created', {
    ...INSTALLATION,
    issue: {
      number: PR,
      pull_request: { url: 'https://api.github.com/repos/Codertocat/Hello-World/pulls/2' },
    },
    comment: { body, created_at: '2019-05-15T15:20:41Z', performed_via_github_app: null },
  })
  return merged(base, change)
}

/** A push to the pull request, after the comment. */
export function pushOf(change: Fields = {}): Fields {
  return example('pull_request', 'synchronize', { ...INSTALLATION, ...change })
}

/** "Re-run all checks" at the head. */
export function allChecksOf(change: Fields = {}): Fields {
  const repository = commentOf('')['repository']
  const base = { ...INSTALLATION, repository, sender: { ...WRITER }, check_suite: { head_sha: HEAD } }
  return merged(example('check_suite', 'rerequested', base), change)
}

/** A button of a check that berth has made for this run. */
export function buttonOf(
  runId: string,
  identifier: 'rerun' | 'cancel' | 'native',
  change: Fields = {},
): Fields {
  const repository = commentOf('')['repository']
  const check = { ...INSTALLATION, repository, sender: { ...WRITER }, check_run: { external_id: runId } }
  const base =
    identifier === 'native'
      ? example('check_run', 'rerequested', check)
      : example('check_run', 'requested_action', { ...check, requested_action: { identifier } })
  return merged(base, change)
}
