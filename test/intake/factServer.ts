import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Permission } from '../../src/model/config.ts'
import { type Fields, fieldsOf } from '../../src/model/read.ts'
import { HEAD, pushOf, REPOSITORY_ID, WRITER } from './examples.ts'

/** How a request goes wrong. */
type Fault = 'reset' | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

/** The part of GitHub's API that a decision asks, on loopback. */
export interface FactServer extends AsyncDisposable {
  readonly url: string
  /** Paths of all requests so far. */
  readonly asked: readonly string[]
  /** Resolves when that many requests have come. */
  askedFor(count: number): Promise<void>
  /** By login. Who is not in here is no account. */
  readonly roles: Map<
    string,
    { readonly id: number; readonly role: string; readonly permission?: Permission }
  >
  /** Put over GitHub's own example of a pull request. */
  pull: Fields
  /** The same by number, over that. */
  readonly pulls: Map<number, Fields>
  /** Of the next questions for the pull request. */
  readonly faults: Fault[]
  /** Requests wait for it. */
  gate: Promise<void>
}

export async function startFactServer(): Promise<FactServer> {
  const asked: string[] = []
  const coming = new Map<number, () => void>()
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    coming.get(asked.length)?.()
    void facts.gate.then(() => answer(facts, request, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const facts: FactServer = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    asked,
    async askedFor(count) {
      if (asked.length < count) await new Promise<void>((resolve) => coming.set(count, resolve))
    },
    roles: new Map([[WRITER.login, { id: WRITER.id, role: 'write' }]]),
    pull: {},
    pulls: new Map(),
    faults: [],
    gate: Promise.resolve(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return facts
}

function answer(facts: FactServer, request: IncomingMessage, response: ServerResponse): void {
  const fault = request.url?.includes('/pulls/') === true ? facts.faults.shift() : undefined
  if (fault === 'reset') request.socket.destroy()
  else if (fault !== undefined) send(response, fault.status, { message: 'as ordered' }, fault.headers)
  else route(facts, request.url ?? '', response)
}

function route(facts: FactServer, url: string, response: ServerResponse): void {
  const login = /^\/repos\/Codertocat\/Hello-World\/collaborators\/([^/]+)\/permission$/.exec(url)?.[1]
  const account = facts.roles.get(login ?? '')
  if (account !== undefined) {
    const { id, role, permission } = account
    const legacy = { maintain: 'write', triage: 'read' }[role] ?? role
    send(response, 200, { permission: permission ?? legacy, role_name: role, user: { id, login } })
    return
  }
  const pull = /^\/repos\/Codertocat\/Hello-World\/pulls\/(\d+)$/.exec(url)?.[1]
  if (pull === undefined) send(response, 404, { message: 'Not Found' })
  else send(response, 200, { ...pullOf(facts), ...facts.pulls.get(Number(pull)) })
}

/** Every pull request is as GitHub's example after its push. */
function pullOf({ pull }: FactServer): Fields {
  const known = fieldsOf(pushOf()['pull_request'], 'pull_request')
  const head = fieldsOf(known['head'], 'head')
  const repo = { ...fieldsOf(head['repo'], 'repo'), id: REPOSITORY_ID }
  return { ...known, head: { ...head, sha: HEAD, repo }, ...pull }
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
