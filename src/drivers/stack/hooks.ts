import { oneLine } from '../../model/cutText.ts'
import type { BackupHooks } from '../coopCloud/backupLabels.ts'
import type { Engine } from '../docker/engine.ts'
import { containersOf } from './containers.ts'
import { execIn } from './execStage.ts'
import type { StackStage } from './stage.ts'

const MOST_LINE = 500

const WORDS: Readonly<Record<keyof BackupHooks, string>> = {
  preBackup: 'backup.pre-hook',
  postBackup: 'backup.post-hook',
  preRestore: 'restore.pre-hook',
  postRestore: 'restore.post-hook',
}

/** A dump that fails in the middle of a pipe must not pass for a backup: backup programs set it, too, where the shell has it. */
const PIPES = '(set -o pipefail) 2>/dev/null && set -o pipefail\n'

/**
 * Runs what the services' labels say for this moment, one after the other, each in a container of its service.
 * @returns the first that failed, for people; null = none has
 */
export async function runHooks(
  stage: StackStage,
  engine: Engine,
  hooks: ReadonlyMap<string, BackupHooks>,
  when: keyof BackupHooks,
): Promise<string | null> {
  for (const [service, { [when]: line }] of hooks) {
    if (line === null || stage.signal.aborted) continue
    const name = `${WORDS[when]} of ${service}`
    stage.say(`${name}: ${oneLine(line, MOST_LINE)}`)
    const [container] = await containersOf(stage, engine, service)
    if (container === undefined) return `${name}: no task of ${service} runs here`
    const words = ['/bin/sh', '-c', `${PIPES}${line}`]
    const code = await execIn(stage, engine, { service, container: container.id }, words)
    if (code !== 0) return `${name}: ${code === null ? 'it did not end by itself' : `exit code ${code}`}`
  }
  return null
}
