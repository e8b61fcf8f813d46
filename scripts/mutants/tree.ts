import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Mutant } from '../../test-concurrency/mutants/mutant.ts'

/** A copy of the sources that mutants may be done to, one after the other, and a folder for all that their tests leave. */
export interface Tree {
  readonly root: string
  readonly sources: string
  readonly temporary: string
  /** Does the mutant to the copy, until its scope ends. */
  readonly mutated: (mutant: Mutant) => Disposable
}

const NOT_COPIED: ReadonlySet<string> = new Set(['node_modules', '.git', '.cache'])

/** One tree for all: code that was compiled for one test is there for the next one. */
export function makeTree(repository: string): Tree {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'berth-mutants-')))
  const [sources, temporary] = [join(root, 'tree'), join(root, 'tmp')]
  mkdirSync(temporary)
  cpSync(repository, sources, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) })
  symlinkSync(join(repository, 'node_modules'), join(sources, 'node_modules'))
  return { root, sources, temporary, mutated: (mutant) => mutated(sources, mutant) }
}

function mutated(sources: string, { edits }: Mutant): Disposable {
  const before = new Map(edits.map(({ file }) => [file, readFileSync(join(sources, file), 'utf8')]))
  for (const { file, find, replace } of edits) {
    const path = join(sources, file)
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(find, () => replace),
    )
  }
  return {
    [Symbol.dispose]() {
      for (const [file, text] of before) writeFileSync(join(sources, file), text)
    },
  }
}

/** What of the table does not fit the sources any more: each text to be replaced must stand in its file just once. */
export function staleMutants(repository: string, mutants: readonly Mutant[]): readonly string[] {
  const repeated = mutants.filter(({ rule }, index) => mutants.findIndex((one) => one.rule === rule) < index)
  const misfits = mutants.flatMap(({ rule, edits }) =>
    edits.flatMap(({ file, find }) => {
      const count = readFileSync(join(repository, file), 'utf8').split(find).length - 1
      return count === 1 ? [] : [`${rule}: ${JSON.stringify(find)} stands ${count} times in ${file}`]
    }),
  )
  return [...repeated.map(({ rule }) => `${rule}: stands twice in the table`), ...misfits]
}
