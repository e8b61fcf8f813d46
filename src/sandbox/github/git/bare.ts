import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'

/** A folder of bare repositories, and git to work on them. */
export interface GitFolder {
  /** Absolute. */
  readonly root: string
  /** The bare repository `owner/name`. */
  path(fullName: string): string
  /** Runs git in a bare repository; the result is its output without the last line end. */
  run(fullName: string, args: readonly string[], input?: string): Promise<string>
}

/** Git that sees nothing of the machine's or a person's configuration. */
export function gitEnvironment(root: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: root,
    LANG: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  }
}

/** Git in a folder that exists and belongs to the caller. */
export function gitFolder(root: string): GitFolder {
  const path = (fullName: string) => join(root, `${fullName}.git`)
  return {
    root,
    path,
    run: async (fullName, args, input = '') => {
      const { stdout } = await execa('git', ['-C', path(fullName), ...args], {
        env: gitEnvironment(root),
        extendEnv: false,
        input,
      })
      return stdout
    },
  }
}

/** Like GitHub's: any commit may be fetched by its SHA, filters are offered, nothing may be pushed over HTTP. */
const SETTINGS = [
  ['uploadpack.allowAnySHA1InWant', 'true'],
  ['uploadpack.allowFilter', 'true'],
  ['http.receivepack', 'false'],
] as const

/** Makes an empty bare repository with the branch main. */
export async function createBareRepository(git: GitFolder, fullName: string): Promise<void> {
  const path = git.path(fullName)
  await mkdir(dirname(path), { recursive: true })
  await execa('git', ['init', '--quiet', '--bare', '--initial-branch=main', path], {
    env: gitEnvironment(git.root),
    extendEnv: false,
  })
  for (const [key, value] of SETTINGS) await git.run(fullName, ['config', key, value])
}
