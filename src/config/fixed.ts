import type { Config } from '../model/config.ts'
import type { Finding, YamlFile } from './document.ts'
import type { ConfigFile } from './schema.ts'
import { defaultInstance, type Surroundings, stateDirOf } from './surroundings.ts'

/** What may not change under a running service is compared by these; all else may: it is looked up at each use. */
type Fixed = Pick<Config, 'file' | 'stateDir' | 'instance'>

/** A file that is gone, or another that now comes first: what then holds was never meant for this service. Null = it is the same. */
export function otherFile(file: string | null, running: Fixed): string | null {
  if (file === running.file) return null
  const now = file === null ? 'it is not there any more' : `${file} would be read now`
  return `${running.file ?? 'the built-in defaults'}: the service was started with it, and ${now}; undo that, or start the service again`
}

/**
 * What of the file differs from what the service was started with and cannot follow: its locks, its records and its live runs are in the state
 * folder; and by the instance what it has put up is found again.
 */
export function fixedFindings(
  { value, parts }: YamlFile<ConfigFile>,
  file: string,
  around: Surroundings,
  running: Fixed,
): readonly Finding[] {
  const given = { stateDir: parts?.stateDir, instance: parts?.instance }
  const stateDir = stateDirOf(given.stateDir, file, around)
  const instance = given.instance ?? defaultInstance(running.stateDir, around.etc)
  return [
    ...(isKnown('stateDir')
      ? differing(
          'stateDir',
          stateDir,
          running.stateDir,
          'by which its locks, records and live runs are found',
        )
      : []),
    ...(isKnown('instance')
      ? differing('instance', instance, running.instance, 'by which what it has put up is found')
      : []),
  ]

  /** One that cannot be read looks like one that is not there, and has a fault of its own. */
  function isKnown(field: keyof typeof given): boolean {
    return value !== null || given[field] !== undefined
  }
}

function differing(field: string, now: string, was: string, what: string): readonly Finding[] {
  if (now === was) return []
  return [
    {
      path: [field],
      text: `is ${now}, and the running service was started with ${was}, ${what}; start it again to change that`,
    },
  ]
}
