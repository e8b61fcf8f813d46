import { setTimeout as pause } from 'node:timers/promises'
import { plainText } from '../model/plainText.ts'

const LOOK_EVERY_MS = 150
const MOST_MS = 120_000

interface Screen {
  readonly write: (text: string) => unknown
}

/** Shows the main job once, as a person would do it: a comment on the first pull request, and what becomes of its check run. */
export async function showMainJob(url: string, screen: Screen, stopped: AbortSignal): Promise<void> {
  const page = `${url}/acme/site/pull/1`
  screen.write('To begin with, octocat comments !testme on pull request 1:\n')
  const form = new URLSearchParams({ as: 'octocat', body: '!testme' })
  const posted = await fetch(`${page}/comments`, {
    method: 'POST',
    body: form,
    headers: { origin: url },
    redirect: 'manual',
  })
  if (posted.status !== 303) {
    screen.write(`  the stand-in answered ${posted.status}\n`)
    return
  }
  await follow(page, screen, stopped)
  if (!stopped.aborted) screen.write(`  see it at ${page}\n\n`)
}

async function follow(page: string, screen: Screen, stopped: AbortSignal): Promise<void> {
  const end = performance.now() + MOST_MS
  for (let shown = ''; performance.now() < end && !stopped.aborted; await pause(LOOK_EVERY_MS)) {
    const { status, line } = await lookAt(page)
    if (line !== shown && line !== '') screen.write(`  ${line}\n`)
    shown = line
    if (status === 'completed') return
  }
  if (!stopped.aborted) screen.write('  it takes long; look at the page\n')
}

interface CheckLook {
  readonly status: string
  readonly line: string
}

async function lookAt(page: string): Promise<CheckLook> {
  const checks: unknown = await (await fetch(`${page}/checks.json`)).json()
  const look: unknown = Array.isArray(checks) ? checks[0] : null
  if (typeof look !== 'object' || look === null) return { status: '', line: '' }
  const [name, status, conclusion, title] = ['name', 'status', 'conclusion', 'title'].map((key) =>
    String(Reflect.get(look, key) ?? ''),
  )
  return {
    status: status ?? '',
    line: plainText([name, status, conclusion, title].filter((word) => word !== '').join(' · ')),
  }
}
