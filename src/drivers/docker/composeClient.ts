import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessError } from '../../errors.ts'
import { type CliCall, type ClientName, type CliParts, hasClient, runCli } from './cli.ts'

/** Whichever client of compose is there. */
export interface ComposeClient {
  readonly program: readonly [ClientName, ...(readonly string[])]
  /** What only this one understands of `up`. */
  readonly upWords: readonly string[]
}

/** Without it images could be pulled by what the file says, beside the pull that has its own time. */
const PLUGIN: ComposeClient = { program: ['docker', 'compose'], upWords: ['--pull', 'never'] }
const STANDALONE: ComposeClient = { program: ['docker-compose'], upWords: [] }
const VERSION_MS = 20_000

/**
 * The plugin of the Docker CLI where it is installed, else the standalone command.
 * @throws HarnessError NO_COMPOSE, and see `runCli`
 */
export async function findComposeClient(cli: CliParts, signal: AbortSignal): Promise<ComposeClient> {
  const { cause, exitCode } = await runCli(
    cli,
    { words: ['compose', 'version'], timeoutMs: VERSION_MS },
    signal,
  )
  if (cause === 'exit' && exitCode === 0) return PLUGIN
  if (hasClient('docker-compose')) return STANDALONE
  throw new HarnessError('NO_COMPOSE', NO_COMPOSE)
}

export const NO_COMPOSE =
  'There is neither the compose plugin of the docker command nor docker-compose: apt-get install docker-compose'

export interface ComposeProject {
  /** The project's name. */
  readonly stack: string
  readonly files: readonly string[]
  readonly profiles: readonly string[]
}

/** @param words what is to be done with the project */
export function composeCall(
  { program }: ComposeClient,
  { home }: CliParts,
  { stack, files, profiles }: ComposeProject,
  words: readonly string[],
): Omit<CliCall, 'timeoutMs'> {
  const noVariables = join(home, 'no-variables.env')
  // A `.env` of the pull request would be read for variables, and for where the engine is.
  writeFileSync(noVariables, '')
  return {
    program,
    words: [
      '--ansi',
      'never',
      '--project-name',
      stack,
      '--env-file',
      noVariables,
      ...files.flatMap((file) => ['--file', file]),
      ...profiles.flatMap((profile) => ['--profile', profile]),
      ...words,
    ],
  }
}
