import { forgetPull, notePull, noteUse } from '../../store/pulledImages.ts'
import { type CliParts, runCli } from './cli.ts'
import type { Engine } from './engine.ts'
import { isMissing } from './engineError.ts'

export type Pulled =
  | { readonly kind: 'pulled'; readonly images: readonly string[] }
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'failed'
      readonly fault: 'image_missing' | 'pull_failed' | 'pull_timed_out'
      readonly image: string
      readonly detail: string
    }

export interface PullWish {
  readonly images: readonly string[]
  /** For all of them together. */
  readonly timeoutMs: number
  readonly say: (text: string) => void
}

/** A registry's ways of saying that there is no such image, or none for this client. */
const MISSING = /manifest unknown|not found|no such image|does not exist|access denied|unauthorized|denied:/i

/**
 * Pulls what the engine does not have yet: before converging, so that a slow registry is no slow stack, and a missing image an error of
 * its own. Through the CLI, which knows the operator's credentials and their helpers.
 * @throws EngineError, HarnessError (see `runCli`)
 */
export async function pullMissing(
  engine: Engine,
  cli: CliParts,
  { images, timeoutMs, say }: PullWish,
  signal: AbortSignal,
): Promise<Pulled> {
  const startedAt = performance.now()
  const pulled: string[] = []
  const folder = cli.images ?? null
  for (const image of new Set(images)) {
    if (signal.aborted) return { kind: 'cancelled' }
    if (folder !== null) noteUse(folder, image)
    if (await isThere(engine, image)) continue
    say(`pulling ${image}`)
    if (folder !== null) notePull(folder, image)
    const leftMs = Math.max(0, timeoutMs - (performance.now() - startedAt))
    const call = { words: ['pull', '--quiet', image], timeoutMs: leftMs }
    const { cause, exitCode, output } = await runCli(cli, call, signal)
    if (cause === 'stop') return { kind: 'cancelled' }
    const failed = { kind: 'failed', image, detail: `${image}: ${output.trim()}` } as const
    if (cause === 'timeout') {
      return { ...failed, fault: 'pull_timed_out', detail: `${image}: not there after ${timeoutMs / 1000} s` }
    }
    // A client that was ended may have been heard: only what the engine would not give has surely not come.
    if (exitCode !== 0 && folder !== null && !(await isThere(engine, image))) forgetPull(folder, image)
    if (exitCode !== 0) return { ...failed, fault: MISSING.test(output) ? 'image_missing' : 'pull_failed' }
    // Another run's pull of it may have failed meanwhile, and been forgotten.
    if (folder !== null) notePull(folder, image)
    pulled.push(image)
  }
  return { kind: 'pulled', images: pulled }
}

async function isThere(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.call(`look at image ${image}`, (docker) => docker.getImage(image).inspect())
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
