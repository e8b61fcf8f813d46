import { withDeadline } from '../../report/deadline.ts'
import { GitHubFault, gitHubFault } from '../gitHubFault.ts'
import type { Asking, Octokit, ReconcileWorld, Told } from './ports.ts'

/** An answer that takes longer is not waited for: the next look comes anyway. */
const CALL_MS = 10_000

interface Answer {
  readonly data: unknown
  readonly headers?: Readonly<Record<string, unknown>>
}

/** Asks GitHub as all of berth does: with a deadline, never twice, and not at all while it limits the installation. */
export function asking(world: ReconcileWorld, closing: AbortSignal): Asking {
  const { time, store, octokitFor, appClient } = world

  async function call(
    client: () => Promise<Octokit>,
    route: string,
    parameters: Record<string, unknown>,
  ): Promise<Told> {
    return withDeadline(time, CALL_MS, route, closing, async (signal) => {
      const octokit = await client()
      return toldBy(
        await octokit.request(route, { ...parameters, request: { retries: 0, signal } }),
        time.now(),
      )
    })
  }

  function faultOf(route: string, error: unknown): GitHubFault {
    return gitHubFault(route, error, time.now())
  }

  return {
    asApp: (route, parameters) =>
      call(appClient, route, parameters).catch((error: unknown) => {
        throw faultOf(route, error)
      }),
    async ask({ installationId }, route, parameters, etag) {
      await refuseLimited(store, installationId, route, time.now())
      const headers = etag === null ? {} : { headers: { 'if-none-match': etag } }
      try {
        return await call(() => octokitFor(installationId), route, { ...parameters, ...headers })
      } catch (error) {
        if (isUnchanged(error)) return null
        const fault = faultOf(route, error)
        if (fault.isLimit) await store.noteLimit(installationId, fault.notBeforeMs)
        throw fault
      }
    },
  }
}

async function refuseLimited(
  store: ReconcileWorld['store'],
  installationId: number,
  route: string,
  nowMs: number,
): Promise<void> {
  const notBeforeMs = await store.limitedUntil(installationId, nowMs)
  if (notBeforeMs > 0)
    throw new GitHubFault(`${route}: GitHub limits this installation`, { notBeforeMs, isLimit: true })
}

function toldBy({ data, headers = {} }: Answer, nowMs: number): Told {
  const { etag, date } = headers
  const atMs = typeof date === 'string' ? Date.parse(date) : Number.NaN
  return {
    data,
    etag: typeof etag === 'string' ? etag : null,
    atMs: Number.isNaN(atMs) ? nowMs : atMs,
  }
}

/** Octokit throws 304 like a fault. */
function isUnchanged(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 304
}
