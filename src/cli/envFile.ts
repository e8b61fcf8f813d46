import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** What Probot's set-up has written; the environment counts more. */
export function readEnvFile(folder: string): void {
  const file = join(folder, '.env')
  if (existsSync(file)) process.loadEnvFile(file)
}
