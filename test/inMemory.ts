import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const PREFIX = 'berth-unit-'

/**
 * Vitest's global set-up of the unit tests: their temporary files lie in memory where the machine has some that programs can be
 * started from. A third of the tests' time was waiting for a disk; what a disk does to us is tested by the concurrency suite.
 */
export function setup(): (() => void) | undefined {
  if (!existsSync(MEMORY)) return undefined
  removeOfTheDead()
  const folder = mkdtempSync(join(MEMORY, `${PREFIX}${process.pid}-`))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  if (!startsPrograms(folder)) return void remove()
  // Stages of other users make their files here too.
  chmodSync(folder, 0o1777)
  process.env['TMPDIR'] = folder
  return remove
}

/** What a killed test run has left stays in memory until somebody removes it. */
function removeOfTheDead(): void {
  for (const name of readdirSync(MEMORY)) {
    const pid = /^berth-unit-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(MEMORY, name), { recursive: true, force: true })
  }
}

/** Containers mount theirs `noexec`. */
function startsPrograms(folder: string): boolean {
  const program = join(folder, 'program')
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
  try {
    execFileSync(program)
    return true
  } catch {
    return false
  } finally {
    rmSync(program)
  }
}
