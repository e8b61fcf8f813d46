import { spawnSync } from 'node:child_process'

/** Whether a test that needs this program can run here. In CI nothing is skipped: there a test whose program is missing fails. */
export function hasTool(name: string, ...ask: readonly string[]): boolean {
  return (
    spawnSync(name, ask.length === 0 ? ['--version'] : ask).status === 0 || process.env['CI'] !== undefined
  )
}
