import { HarnessError } from '../../errors.ts'
import { type CliParts, runCli } from './cli.ts'

/** The first CLI that has `docker stack config`. */
const LEAST_MAJOR = 23
const ANSWER_MS = 5000

/**
 * What keeps a CLI from resolving the files of a stack, or null.
 * @param printed by `docker --version`
 */
export function cliFault(printed: string): string | null {
  const version = versionIn(printed)
  if (version !== null && Number.parseInt(version, 10) >= LEAST_MAJOR) return null
  return `The docker command is ${version ?? 'of an unknown version'}; docker stack config came with ${LEAST_MAJOR}.0: install docker-ce-cli (https://docs.docker.com/engine/install/), an older engine may stay`
}

/** Of `Docker version 28.2.2, build e6534b4`; null = it says none. */
export function versionIn(printed: string): string | null {
  return /\b\d+\.\d+(?:\.\d+)?/.exec(printed)?.[0] ?? null
}

/**
 * Asked when `docker stack config` has failed: an older CLI does not know it, and says so in other words.
 * @throws HarnessError OLD_DOCKER_CLI, and see `runCli`
 */
export async function requireStackConfig(cli: CliParts, signal: AbortSignal): Promise<void> {
  const { output } = await runCli(cli, { words: ['--version'], timeoutMs: ANSWER_MS }, signal)
  const fault = cliFault(output)
  if (fault !== null && !signal.aborted) throw new HarnessError('OLD_DOCKER_CLI', fault)
}
