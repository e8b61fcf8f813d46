import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const BERTH = join(import.meta.dirname, '..', 'scripts', 'berth')
/** A real FUSE filesystem, which only root can mount without further programs. */
const CAN_MOUNT = process.getuid?.() === 0 && spawnSync('bindfs', ['--version']).status === 0

test.skipIf(!CAN_MOUNT && process.env['CI'] === undefined)(
  'R-LCK-12 a state folder on FUSE is refused by that name, and nothing is made in it',
  () => {
    const root = mkdtempSync(join(tmpdir(), 'berth-fuse-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const [below, mounted] = [join(root, 'below'), join(root, 'mounted')]
    for (const folder of [below, mounted]) mkdirSync(folder)
    execFileSync('bindfs', [below, mounted])
    onTestFinished(() => void execFileSync('umount', [mounted]))
    const env = { ...process.env, BERTH_STATE_DIR: join(mounted, 'state') }
    const run = spawnSync(BERTH, ['run', 'hello'], { env, encoding: 'utf8' })
    expect(run.stderr).toContain(`${mounted}/state is on FUSE`)
    expect(run.status).toBe(2)
    expect(readdirSync(mounted)).toEqual([])
    expect(existsSync(join(below, 'state'))).toBe(false)
  },
)
