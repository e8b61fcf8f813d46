import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { InputError, messageOf } from '../../errors.ts'
import { readIfThere, replaceFile } from '../../store/durable.ts'
import type { PlannedFile } from './plan.ts'

export interface Written {
  readonly path: string
  /** `kept` = it is there already, as it is to be, or with what a person has put into it. */
  readonly how: 'new' | 'kept' | 'replaced'
}

/**
 * Writes what is planned, each file as a whole, in its order. What would be lost stands beside it as `FILE.before`.
 * @throws InputError naming every file that is there with another content, unless forced; nothing was written then
 */
export function writeFiles(files: readonly PlannedFile[], force: boolean): readonly Written[] {
  const looks = files.map((file) => ({ ...file, before: contentOf(file.path) }))
  const others = looks.filter(({ before, text, mine }) => !mine && before !== null && before !== text)
  if (others.length > 0 && !force)
    throw new InputError(
      'berth init: nothing was written, because --force was not said, and there is already',
      others.map(({ path }) => path),
    )
  return looks.map(({ path, text, mine, before }) => {
    if (before !== null && (mine || before === text)) return { path, how: 'kept' }
    try {
      mkdirSync(dirname(path), { recursive: true })
      if (before !== null) replaceFile(`${path}.before`, before)
      replaceFile(path, text)
      if (!mine) chmodSync(path, 0o644)
    } catch (error) {
      throw new InputError('berth init', [`${path} cannot be written: ${messageOf(error)}`], { cause: error })
    }
    return { path, how: before === null ? 'new' : 'replaced' }
  })
}

function contentOf(path: string): string | null {
  try {
    return readIfThere(path)
  } catch (error) {
    throw new InputError('berth init: nothing was written', [`${path} cannot be read: ${messageOf(error)}`], {
      cause: error,
    })
  }
}
