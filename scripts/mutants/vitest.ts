import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Tree } from './tree.ts'

/** How one test ended; a name can stand for several tests of one table. */
export interface TestEnd {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'skipped'
  /** The first line of its first fault. */
  readonly fault: string
  readonly tookMs: number
}

/** The tests that ran, or why none of that is known. */
export type Verdict =
  | { readonly kind: 'ran'; readonly ends: readonly TestEnd[] }
  | { readonly kind: 'broken'; readonly why: string }

/** What tests of a file may take in all, beyond which everything is ended by force. */
const MOST_MS = 300_000
/** As vitest.config.ts has it. */
export const MOST_TEST_MS = 120_000

/**
 * Runs the tests of one file whose names have one of the words in them, and no others.
 * @param mostTestMs a test that takes longer is red
 */
export async function runTests(
  tree: Tree,
  file: string,
  names: readonly string[],
  mostTestMs = MOST_TEST_MS,
): Promise<Verdict> {
  const report = join(tree.root, 'report.json')
  rmSync(report, { force: true })
  const project = file.startsWith('test-concurrency/') ? 'concurrency' : 'unit'
  const pattern = names.map((name) => RegExp.escape(name)).join('|')
  const words = ['run', '--project', project, '--testTimeout', String(mostTestMs), '--reporter=json']
  const vitest = spawn(
    process.execPath,
    [
      join(tree.sources, 'node_modules/vitest/vitest.mjs'),
      ...words,
      `--outputFile=${report}`,
      '-t',
      pattern,
      file,
    ],
    { cwd: tree.sources, env: environment(tree), detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  vitest.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2_000)
  })
  const late = setTimeout(() => process.kill(-(vitest.pid ?? 0), 'SIGKILL'), MOST_MS)
  await once(vitest, 'exit')
  clearTimeout(late)
  vitest.stderr.destroy()
  return verdictOf(report, pattern, said)
}

/** All that tests leave lies below the tree's own folder for that, and is found by it. */
function environment({ temporary }: Tree): NodeJS.ProcessEnv {
  const { CI: _, ...rest } = process.env
  return { ...rest, TMPDIR: temporary, NO_COLOR: '1' }
}

function verdictOf(report: string, pattern: string, said: string): Verdict {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const named = new RegExp(pattern)
    const ends = (testResults as readonly FileResult[])
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ fullName }) => named.test(fullName))
      .map(endOf)
    if (ends.length > 0) return { kind: 'ran', ends }
    const why = (testResults as readonly FileResult[]).map(({ message }) => message).join('; ')
    return { kind: 'broken', why: `no test of that name ran: ${why}` }
  } catch {
    return { kind: 'broken', why: `vitest ended without a report: ${said.trim().split('\n').at(-1) ?? ''}` }
  }
}

interface FileResult {
  readonly message: string
  readonly assertionResults: readonly {
    readonly fullName: string
    readonly status: string
    readonly failureMessages?: readonly string[]
    readonly duration?: number | null
  }[]
}

function endOf(result: FileResult['assertionResults'][number]): TestEnd {
  const { fullName, status, failureMessages = [], duration } = result
  const ended = status === 'passed' || status === 'failed' ? status : 'skipped'
  return {
    name: fullName,
    status: ended,
    fault: failureMessages[0]?.split('\n')[0] ?? '',
    tookMs: duration ?? 0,
  }
}
