import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { textOf } from '../fixtures/records.ts'
import { type Call, callsIn, nameOf, type Point } from './point.ts'

const LABELS = new URL('labels.ts', import.meta.url)
const SOURCE = fileURLToPath(new URL('points.c', import.meta.url))

/** The library that names the calls of a service, and kills it at one of them. */
export interface Preload extends Disposable {
  /** The further surroundings of a service that it is loaded into. @param record where the calls are written down */
  readonly env: (record: string, point: Point | null) => Readonly<Record<string, string>>
}

/** Some distributions have their compiler replace the very calls that are defined here. */
const FLAGS = ['-O2', '-Wall', '-Wextra', '-U_FORTIFY_SOURCE', '-shared', '-fPIC']

/** @throws where there is no C compiler (apt-get install gcc libc6-dev) */
export function buildPreload(): Preload {
  const folder = mkdtempSync(join(tmpdir(), 'berth-points-'))
  const library = join(folder, 'points.so')
  execFileSync('cc', [...FLAGS, '-o', library, SOURCE])
  return {
    env: (record, point) => ({
      LD_PRELOAD: library,
      NODE_OPTIONS: `--import ${LABELS.href}`,
      CRASH_RECORD: record,
      ...(point === null ? {} : { CRASH_POINT: nameOf(point) }),
    }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

/** The calls of one life, in order, as far as it came. */
export function recorded(record: string): readonly Call[] {
  return callsIn(textOf(record))
}
