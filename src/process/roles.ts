import { basename } from 'node:path'
import { isRunId } from '../store/runId.ts'
import { type ProcessStat, wordsOf } from './procfs.ts'

/** What a process is to the locks that it has. */
export type Role =
  /** `folder` is that of its run. */
  | { readonly kind: 'wrapper' | 'run process'; readonly folder: string }
  /** `berth run`, the service, a janitor: they have locks until they hand them over. */
  | { readonly kind: 'command' }

/**
 * What a process is by the words that it was started with; null = none of ours. A child that has not called exec yet has the words, and the
 * descriptors, of whoever forked it: that of a wrapper is told from it by the session, which the wrapper leads.
 */
export function roleOf(stat: ProcessStat): Role | null {
  const words = wordsOf(stat.pid)
  const at = words.findIndex((word) => word.endsWith('/src/run/main.ts'))
  if (at < 0) return words.some((word) => word.endsWith('/src/main.ts')) ? { kind: 'command' } : null
  const [folder = '', , , wrapper] = words.slice(at + 1)
  if (!isRunId(basename(folder))) return null
  const isWrapper = wrapper === undefined && stat.session === stat.pid
  return { kind: isWrapper ? 'wrapper' : 'run process', folder }
}
