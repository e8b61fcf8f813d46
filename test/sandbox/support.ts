import { createSign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import type { Limits } from '../../src/sandbox/github/api/limits.ts'
import { type GitHubStandIn, startGitHubStandIn } from '../../src/sandbox/github/server.ts'
import { generateAppKeys } from '../../src/sandbox/keys.ts'

export const APP_ID = 4711
export const SECRET = 'a secret of the tests'
export const SITE = { owner: 'acme', repo: 'site' } as const

export const appKeys = generateAppKeys()

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A program that listens for webhooks, as the service would. */
interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: Received[]
  /** What it answers from now on; null = it listens, and never answers. */
  answer: number | null
}

async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') })
    if (receiver.answer !== null) response.writeHead(receiver.answer).end('heard')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/api/github/webhooks`,
    received,
    answer: 202,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}

export interface Scene extends AsyncDisposable {
  readonly gitHub: GitHubStandIn
  readonly receiver: Receiver
  readonly dataDir: string
  /** Octokit as the App itself. */
  readonly asApp: Octokit
  /** Octokit with an installation token; it neither waits nor tries again. */
  readonly octokit: Octokit
}

/** A stand-in for GitHub that tells a receiver, and Octokit to talk to it. */
export async function startScene(limits: Partial<Limits> = {}): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'berth-sandbox-'))
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  const receiver = stack.use(await startReceiver())
  const { publicKey } = await appKeys
  const gitHub = stack.use(
    await startGitHubStandIn({
      port: 0,
      host: '127.0.0.1',
      webhookUrl: receiver.url,
      webhookSecret: SECRET,
      appId: APP_ID,
      appPublicKey: publicKey,
      dataDir,
      log: { info: () => undefined, warn: () => undefined },
      limits,
    }),
  )
  const asApp = octokitOf(gitHub.url, appToken((await appKeys).privateKey))
  const octokit = octokitOf(gitHub.url, await installationToken({ asApp, gitHub }))
  const scene = stack.move()
  return {
    gitHub,
    receiver,
    dataDir,
    asApp,
    octokit,
    [Symbol.asyncDispose]: () => scene.disposeAsync(),
  }
}

function octokitOf(url: string, auth: string): Octokit {
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
  return new Octokit({ baseUrl: `${url}/api/v3`, auth, log })
}

/** The App's own token (RFC 7519), with claims of the caller's choice; times in seconds from now. */
export function appToken(
  privateKey: string,
  claims: { readonly iss?: number; readonly iat?: number; readonly exp?: number | undefined } = {},
  alg = 'RS256',
): string {
  const now = Math.floor(Date.now() / 1000)
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const { iss = APP_ID, iat = 0 } = claims
  const exp = 'exp' in claims ? claims.exp : 500
  const payload = { iss, iat: now + iat, ...(exp === undefined ? {} : { exp: now + exp }) }
  const signed = `${encode({ typ: 'JWT', alg })}.${encode(payload)}`
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`
}

/** A new installation token. */
export async function installationToken({ asApp, gitHub }: Pick<Scene, 'asApp' | 'gitHub'>): Promise<string> {
  const { data } = await asApp.rest.apps.createInstallationAccessToken({
    installation_id: gitHub.memory.app.installationId,
  })
  return data.token
}

/** The HTTP status that a call failed with, and what GitHub said; throws if it did not fail. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ readonly status: number; readonly message: string }> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  )
  if (outcome instanceof Error && 'status' in outcome && typeof outcome.status === 'number')
    return { status: outcome.status, message: outcome.message }
  throw new Error('the call did not fail with an HTTP status', { cause: outcome })
}

function quiet(): void {}
