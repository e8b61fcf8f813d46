/**
 * Runs the checks of package.json beside each other: each alone leaves a core idle for a part of its time. What one of them says is shown in one
 * piece when it has ended.
 * usage: node scripts/check.ts
 */
import { spawn } from 'node:child_process'

/** The longest first. */
const CHECKS = ['types', 'dead', 'format', 'lint', 'requirements'] as const

const failed = (await Promise.all(CHECKS.map(check))).filter((name) => name !== null)
if (failed.length > 0) process.stderr.write(`failed: ${failed.join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1

/** @returns its name where it has failed */
async function check(name: (typeof CHECKS)[number]): Promise<string | null> {
  const env = process.stdout.isTTY ? { ...process.env, FORCE_COLOR: '1' } : process.env
  const child = spawn(process.execPath, ['--run', name], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: Buffer[] = []
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => said.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  process.stdout.write(Buffer.concat(said))
  return code === 0 ? null : name
}
