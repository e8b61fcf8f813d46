import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface CheckRun {
  readonly id: number
  readonly sha: string
  readonly external_id: string
  readonly name: string
  readonly body: Record<string, unknown>
  /** Those of all calls: GitHub adds them up. */
  readonly annotations: readonly unknown[]
  readonly app: { readonly id: number }
}

interface Comment {
  readonly id: number
  readonly body: string
  readonly user: { readonly login: string; readonly type: 'Bot' | 'User' }
  readonly performed_via_github_app: { readonly id: number } | null
}

interface Seen {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
  readonly token: string
}

/** What befalls one request: whether GitHub still does what it asks, and what comes back. */
export interface Mishap {
  readonly acts: boolean
  readonly answer: 'reset' | 'hang' | Answer
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** The part of GitHub that reports are sent to: strict about what it takes, and as unreliable as a test asks. */
export interface StrictGitHub extends AsyncDisposable {
  readonly url: string
  readonly seen: Seen[]
  readonly checks: CheckRun[]
  readonly comments: Comment[]
  /** `<comment>:<content>` */
  readonly reactions: Set<string>
  /** Tokens that are valid now. */
  readonly tokens: Set<string>
  /** Befalls the next requests of this method and path's end, in order. */
  befall(method: string, pathEnd: string, ...mishaps: readonly Mishap[]): void
  /** Resolves when so many requests of this kind have come. */
  came(method: string, pathEnd: string, count?: number): Promise<void>
}

export const APP_ID = 31
export const SECONDARY = { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' }

export function refusing(status: number, body: unknown = { message: 'Refused' }, headers = {}): Mishap {
  return { acts: false, answer: { status, headers, body } }
}

export const LOST: Mishap = { acts: true, answer: 'reset' }
export const HUNG_AFTER: Mishap = { acts: true, answer: 'hang' }
export const HUNG_BEFORE: Mishap = { acts: false, answer: 'hang' }

export async function strictGitHub(): Promise<StrictGitHub> {
  const world: World = { checks: [], comments: [], reactions: new Set(), ids: 1000 }
  const tokens = new Set(['first'])
  const seen: Seen[] = []
  const mishaps = new Map<string, Mishap[]>()
  const waiting: { readonly kind: string; readonly count: number; readonly done: () => void }[] = []

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await seenOf(request)
    seen.push(asked)
    const plan = [...mishaps].find(([kind]) => isOfKind(asked, kind))?.[1] ?? []
    const mishap = plan.shift()
    const answer = tokens.has(asked.token) ? undefined : { status: 401, body: { message: 'Bad credentials' } }
    const plain = answer ?? (mishap?.acts === false ? { status: 500 } : act(world, asked))
    give(request, response, mishap?.answer ?? plain)
    for (const { kind, count, done } of waiting) if (countOf(seen, kind) >= count) done()
  }

  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    tokens,
    checks: world.checks,
    comments: world.comments,
    reactions: world.reactions,
    befall: (method, pathEnd, ...plan) => void mishaps.set(`${method} ${pathEnd}`, [...plan]),
    came(method, pathEnd, count = 1) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const kind = `${method} ${pathEnd}`
      if (countOf(seen, kind) >= count) resolve()
      waiting.push({ kind, count, done: resolve })
      return promise
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface World {
  readonly checks: CheckRun[]
  readonly comments: Comment[]
  readonly reactions: Set<string>
  ids: number
}

async function seenOf(request: IncomingMessage): Promise<Seen> {
  const url = new URL(request.url ?? '/', 'http://github.test')
  const body = request.method === 'GET' ? '' : await textOf(request)
  const token = (request.headers.authorization ?? '').replace(/^token /, '')
  return { method: request.method ?? '', path: url.pathname, query: url.searchParams, body, token }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks = await Array.fromAsync(request)
  return Buffer.concat(chunks).toString()
}

function isOfKind(asked: Seen, kind: string): boolean {
  const [method, pathEnd] = kind.split(' ')
  return asked.method === method && asked.path.endsWith(pathEnd ?? '')
}

function countOf(seen: readonly Seen[], kind: string): number {
  return seen.filter((asked) => isOfKind(asked, kind)).length
}

function give(request: IncomingMessage, response: ServerResponse, answer: Mishap['answer']): void {
  if (answer === 'hang') return
  if (answer === 'reset') {
    request.socket.resetAndDestroy()
    return
  }
  response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', ...answer.headers })
  response.end(JSON.stringify(answer.body ?? {}))
}

function act(world: World, asked: Seen): Answer {
  const path = /^\/repos\/acme\/site\/(.*)$/.exec(asked.path)?.[1] ?? ''
  const rule = RULES.find(({ method, pattern }) => method === asked.method && pattern.test(path))
  if (rule === undefined) return { status: 404, body: { message: 'Not Found' } }
  return rule.act(world, rule.pattern.exec(path)?.[1] ?? '', asked)
}

const RULES: readonly {
  readonly method: string
  readonly pattern: RegExp
  readonly act: (world: World, id: string, asked: Seen) => Answer
}[] = [
  { method: 'POST', pattern: /^check-runs$/, act: createCheck },
  { method: 'PATCH', pattern: /^check-runs\/(\d+)$/, act: updateCheck },
  { method: 'GET', pattern: /^check-runs\/(\d+)$/, act: showCheck },
  { method: 'GET', pattern: /^commits\/([0-9a-f]{40})\/check-runs$/, act: listChecks },
  { method: 'POST', pattern: /^issues\/(\d+)\/comments$/, act: createComment },
  { method: 'GET', pattern: /^issues\/(\d+)\/comments$/, act: listComments },
  { method: 'PATCH', pattern: /^issues\/comments\/(\d+)$/, act: updateComment },
  { method: 'POST', pattern: /^issues\/comments\/(\d+)\/reactions$/, act: react },
]

const UPDATE_KEYS = [
  'name',
  'details_url',
  'external_id',
  'started_at',
  'status',
  'conclusion',
  'completed_at',
  'output',
  'actions',
]

function createCheck(world: World, _: string, asked: Seen): Answer {
  const body = JSON.parse(asked.body)
  const fault =
    keyFault(body, [...UPDATE_KEYS, 'head_sha']) ??
    (body.name && body.head_sha ? null : 'name and head_sha are required')
  if (fault !== null) return unprocessable(fault)
  world.ids += 1
  const { head_sha: sha, external_id, name } = body
  const annotations = annotationsOf(body)
  world.checks.push({ id: world.ids, sha, external_id, name, body, annotations, app: { id: APP_ID } })
  return { status: 201, body: { id: world.ids } }
}

function updateCheck(world: World, id: string, asked: Seen): Answer {
  const index = world.checks.findIndex((check) => check.id === Number(id))
  const check = world.checks[index]
  if (check === undefined) return { status: 404, body: { message: 'Not Found' } }
  const body = JSON.parse(asked.body)
  const fault = keyFault(body, UPDATE_KEYS)
  if (fault !== null) return unprocessable(fault)
  const annotations = [...check.annotations, ...annotationsOf(body)]
  world.checks[index] = { ...check, body: { ...check.body, ...body }, annotations }
  return { status: 200, body: { id: check.id } }
}

function showCheck(world: World, id: string): Answer {
  const check = world.checks.find((candidate) => candidate.id === Number(id))
  if (check === undefined) return { status: 404, body: { message: 'Not Found' } }
  const { body, annotations, external_id } = check
  const output = { ...Object(body['output']), annotations: undefined, annotations_count: annotations.length }
  return { status: 200, body: { ...body, id: check.id, external_id, output } }
}

function annotationsOf(body: Record<string, unknown>): readonly unknown[] {
  return Object(body['output'])['annotations'] ?? []
}

/** Without `filter=all` GitHub lists the newest of each name only. */
function listChecks(world: World, sha: string, { query }: Seen): Answer {
  const name = query.get('check_name')
  const named = world.checks
    .filter((check) => check.sha === sha && (name === null || check.name === name))
    .reverse()
  const all = query.get('filter') === 'all' ? named : named.slice(0, 1)
  return { status: 200, body: { total_count: all.length, check_runs: pageOf(all, query) } }
}

function createComment(world: World, _: string, asked: Seen): Answer {
  const body = JSON.parse(asked.body)
  const fault = keyFault(body, ['body'])
  if (fault !== null) return unprocessable(fault)
  world.ids += 1
  const user = { login: 'berth[bot]', type: 'Bot' } as const
  world.comments.push({ id: world.ids, body: body.body, user, performed_via_github_app: { id: APP_ID } })
  return { status: 201, body: { id: world.ids } }
}

function updateComment(world: World, id: string, asked: Seen): Answer {
  const index = world.comments.findIndex((comment) => comment.id === Number(id))
  const comment = world.comments[index]
  if (comment === undefined) return { status: 404, body: { message: 'Not Found' } }
  const body = JSON.parse(asked.body)
  const fault = keyFault(body, ['body'])
  if (fault !== null) return unprocessable(fault)
  world.comments[index] = { ...comment, body: body.body }
  return { status: 200, body: { id: comment.id } }
}

function listComments(world: World, _: string, { query }: Seen): Answer {
  return { status: 200, body: pageOf(world.comments, query) }
}

function react(world: World, comment: string, asked: Seen): Answer {
  const body = JSON.parse(asked.body)
  const fault = keyFault(body, ['content'])
  if (fault !== null) return unprocessable(fault)
  const reaction = `${comment}:${body.content}`
  const status = world.reactions.has(reaction) ? 200 : 201
  world.reactions.add(reaction)
  return { status, body: { id: 1, content: body.content } }
}

function pageOf<T>(items: readonly T[], query: URLSearchParams): readonly T[] {
  const size = Math.min(Number(query.get('per_page') ?? 30), 100)
  const start = (Number(query.get('page') ?? 1) - 1) * size
  return items.slice(start, start + size)
}

function keyFault(body: Record<string, unknown>, keys: readonly string[]): string | null {
  const unknown = Object.keys(body).find((key) => !keys.includes(key))
  if (unknown !== undefined) return `"${unknown}" is not a permitted key.`
  const isOpen = body['status'] === 'completed' && body['conclusion'] === undefined
  return isOpen ? '"conclusion" wasn\'t supplied.' : null
}

function unprocessable(message: string): Answer {
  return { status: 422, body: { message: `Invalid request.\n\n${message}` } }
}
