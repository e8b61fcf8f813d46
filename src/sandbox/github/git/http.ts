import { type ChildProcess, spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { messageOf } from '../../../errors.ts'
import { covers, liveToken } from '../api/auth.ts'
import type { ApiEnv } from '../api/env.ts'
import type { Hub } from '../hub.ts'
import type { StandInLog } from '../log.ts'
import { findRepository, fullName } from '../memory.ts'
import type { Repository } from '../records.ts'
import { gitEnvironment } from './bare.ts'

/** A head longer than this is no CGI answer of git's. */
const MOST_HEAD_BYTES = 16_384

export interface GitHttp {
  readonly routes: Hono<ApiEnv>
  /** Ends what still serves. */
  close(): void
}

/** Git's smart HTTP protocol, for reading, through git's own CGI program: git-http-backend(1). */
export function gitHttp(hub: Hub, log: StandInLog): GitHttp {
  const serving = new Set<ChildProcess>()
  const routes = new Hono<ApiEnv>()

  routes.all('/:owner/:repository{[^/]+\\.git}/*', async (c) => {
    const found = admitted(c, hub)
    if (found instanceof Response) return found
    const path = c.req.path.slice(c.req.path.indexOf('.git/') + '.git'.length)
    if (path === '/git-receive-pack' || c.req.query('service') === 'git-receive-pack')
      return c.text('Write access to repository not granted.', 403)
    if (!isReading(c.req.method, path, c.req.query('service'))) return c.text('Not Found', 404)
    const { incoming, outgoing } = c.env
    const child = spawn('git', ['http-backend'], {
      env: cgiEnvironment(hub.git.root, incoming, `/${fullName(found)}.git${path}`),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    serving.add(child)
    child.on('close', () => serving.delete(child))
    try {
      await Promise.all([pipeline(incoming, child.stdin), answer(child.stdout, outgoing)])
    } catch (error) {
      log.warn({ path: c.req.path, reason: messageOf(error) }, 'git.broken_off')
      outgoing.destroy()
      child.kill('SIGKILL')
    }
    return RESPONSE_ALREADY_SENT
  })

  return {
    routes,
    close: () => {
      for (const child of serving) child.kill('SIGKILL')
    },
  }
}

/** The repository, if the request carries a token that may read it: `x-access-token:<token>` as basic authentication. */
function admitted(c: Context<ApiEnv>, hub: Hub): Repository | Response {
  const token = liveToken(hub, passwordOf(c.req.header('authorization')))
  if (token === null)
    return c.text('Invalid username or token.', 401, { 'www-authenticate': 'Basic realm="GitHub"' })
  const name = (c.req.param('repository') ?? '').replace(/\.git$/, '')
  const repository = findRepository(hub.memory, c.req.param('owner') ?? '', name)
  const reachable =
    repository !== null &&
    repository.owner.id === hub.memory.app.owner.id &&
    (token.repositoryIds === null || token.repositoryIds.includes(repository.id))
  if (!reachable) return c.text('Repository not found.', 404)
  return covers(token.permissions, { contents: 'read' })
    ? repository
    : c.text('Repository access is not granted to this token.', 403)
}

function passwordOf(header: string | undefined): string {
  const encoded = /^basic +(\S+)$/i.exec(header ?? '')?.[1] ?? ''
  const [user, ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return user === 'x-access-token' ? password.join(':') : ''
}

function isReading(method: string, path: string, service: string | undefined): boolean {
  return (
    (method === 'GET' && path === '/info/refs' && service === 'git-upload-pack') ||
    (method === 'POST' && path === '/git-upload-pack')
  )
}

/** The variables of RFC 3875 that git-http-backend reads. */
function cgiEnvironment(root: string, request: IncomingMessage, path: string): Record<string, string> {
  const { headers, method = 'GET', url = '' } = request
  return {
    ...gitEnvironment(root),
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: path,
    QUERY_STRING: new URL(url, 'http://localhost').search.slice(1),
    REQUEST_METHOD: method,
    REMOTE_USER: 'x-access-token',
    ...given('CONTENT_TYPE', headers['content-type']),
    ...given('CONTENT_LENGTH', headers['content-length']),
    ...given('HTTP_CONTENT_ENCODING', headers['content-encoding']),
    ...given('GIT_PROTOCOL', headers['git-protocol']),
  }
}

function given(name: string, value: string | readonly string[] | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: String(value) }
}

/** A CGI answer: header lines (`Status:` among them), an empty line, the body. */
async function answer(from: Readable, to: ServerResponse): Promise<void> {
  let head = Buffer.alloc(0)
  for await (const chunk of from.iterator({ destroyOnReturn: false })) {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end !== -1) {
      writeHead(head.subarray(0, end).toString('latin1'), to)
      to.write(head.subarray(end + 4))
      return pipeline(from, to)
    }
    if (head.length > MOST_HEAD_BYTES) break
  }
  throw new Error(`git http-backend gave no header: ${head.toString('latin1').slice(0, 200)}`)
}

function writeHead(head: string, to: ServerResponse): void {
  const fields = head.split('\r\n').map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  const status = fields.find(([name]) => name === 'status')?.[1] ?? '200'
  to.statusCode = Number.parseInt(status, 10)
  for (const [name, value] of fields) if (name !== 'status') to.setHeader(name, value)
}
