import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { IMAGE, makeImage } from '../../test-docker/fixtures/images.ts'
import { bareEnvironment } from './processes.ts'
import { nowMs, until } from './wait.ts'
import { commitAll, type World } from './world.ts'

const BERTH = fileURLToPath(new URL('../berth', import.meta.url))
const STACK = 'stack'
const FILE = 'compose.yml'
const call = promisify(execFile)

const service = {
  image: IMAGE,
  command: ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 3600 & wait; done"],
}

const COMPOSE = {
  version: '3.8',
  services: {
    app: { ...service, secrets: ['word'], configs: ['settings'], volumes: ['data:/data'] },
    db: { ...service, volumes: ['data:/data'] },
  },
  secrets: { word: { file: './word' } },
  configs: { settings: { file: './settings' } },
  volumes: { data: {} },
}

/** @returns the compose file in the world's repository, from its last commit */
export function addStackRecipe({ root, repository }: World): string {
  makeImage()
  const folder = join(root, 'recipes', STACK)
  mkdirSync(folder)
  const recipe = {
    description: 'A stack of the benchmark',
    driver: 'swarm',
    stack: { files: [FILE] },
    stages: [{ name: 'deploy', deploy: {} }],
  }
  writeFileSync(join(folder, 'recipe.yml'), JSON.stringify(recipe))
  writeFileSync(join(repository, 'word'), 'a word')
  writeFileSync(join(repository, 'settings'), 'a = 1\n')
  // JSON is YAML.
  writeFileSync(join(repository, FILE), JSON.stringify(COMPOSE, null, 2))
  commitAll(repository, 'A stack')
  return join(repository, FILE)
}

/** Milliseconds of the whole command. */
export async function timeStackRun({ env, repository }: World, signal: AbortSignal): Promise<number> {
  const beganMs = nowMs()
  await call(BERTH, ['run', STACK, '--repo', repository], { env, cwd: '/', signal })
  return nowMs() - beganMs
}

/** What a careful script does without berth: nothing is checked, and nothing is held. */
export async function timeBareStack(file: string, signal: AbortSignal): Promise<number> {
  const name = `berth-bench-${randomBytes(4).toString('hex')}`
  const label = `label=com.docker.stack.namespace=${name}`
  const docker = async (...words: readonly string[]) =>
    (await call('docker', words, { env: bareEnvironment(), signal })).stdout.trim()
  const beganMs = nowMs()
  await docker('stack', 'deploy', '--compose-file', file, name)
  const replicas = ['service', 'ls', '--filter', label, '--format', '{{.Replicas}}']
  await until(`the services of ${name}`, async () => (await docker(...replicas)) === '1/1\n1/1', signal)
  await docker('stack', 'rm', name)
  const lists = [
    ['service', 'ls', '--quiet'],
    ['ps', '--all', '--quiet'],
    ['network', 'ls', '--quiet'],
    ['secret', 'ls', '--quiet'],
    ['config', 'ls', '--quiet'],
  ] as const
  for (const list of lists)
    await until(
      `the end of ${name}: ${list[0]}`,
      async () => (await docker(...list, '--filter', label)) === '',
      signal,
    )
  await docker('volume', 'rm', `${name}_data`)
  return nowMs() - beganMs
}
