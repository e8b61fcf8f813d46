import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url))
const PROCESS = "description: x\nstages: [{ name: up, run: 'true' }]\nteardown: { run: 'true' }\n"
const STACK =
  'description: x\ndriver: swarm\nstack: { files: [compose.yml] }\nstages: [{ name: deploy, deploy: {} }]\n'

/** A whole sweep in a process of its own: what it found of stacks and the engine, and whether the engine's client was loaded. */
function sweepWith(
  recipe: string | null,
  settings = '',
): { readonly found: readonly string[]; readonly loaded: boolean } {
  const root = mkdtempSync(join(tmpdir(), 'berth-sweep-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  if (recipe !== null) {
    mkdirSync(join(root, 'recipes/app'), { recursive: true })
    writeFileSync(join(root, 'recipes/app/recipe.yml'), recipe)
  }
  writeFileSync(join(root, 'berth.yml'), settings)
  const script = `
    const { createRequire } = await import('node:module')
    const { makeContext, makeJanitorWorld } = await import('${pathToFileURL(join(SOURCES, 'world.ts')).href}')
    const { sweep } = await import('${pathToFileURL(join(SOURCES, 'janitor/sweep.ts')).href}')
    const { findings } = await sweep(makeJanitorWorld(makeContext()), false)
    const found = findings.map(({ what, action }) => what + ' ' + action)
    const loaded = Object.keys(createRequire('${SOURCES}/').cache).some((path) => path.includes('/dockerode/'))
    console.log(JSON.stringify({ found, loaded }))`
  const env = { PATH: process.env['PATH'], BERTH_STATE_DIR: join(root, 'state') }
  const words = ['--input-type=module', '--eval', script]
  return JSON.parse(execFileSync(process.execPath, words, { cwd: root, env, encoding: 'utf8' }))
}

test('R-JAN-01 where no recipe deploys on an engine none is asked, and its client is not loaded', () => {
  expect(sweepWith(PROCESS)).toEqual({ found: [], loaded: false })
  expect(sweepWith(null), 'recipes that ship are examples').toEqual({ found: [], loaded: false })
})

test('R-JAN-01 R-JAN-07 where one does, or the operator says where the engine is, its silence is something that is left', () => {
  const nowhere = "docker: { host: 'unix:///nowhere/docker.sock' }\n"
  expect(sweepWith(STACK, nowhere)).toEqual({ found: ['engine left'], loaded: true })
  expect(sweepWith(PROCESS, nowhere)).toEqual({ found: ['engine left'], loaded: true })
})
