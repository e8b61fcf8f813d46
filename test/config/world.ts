import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Given, loadConfig } from '../../src/config.ts'
import { InputError } from '../../src/errors.ts'
import type { Config } from '../../src/model/config.ts'

/** A machine's files in a temporary folder: `etc/`, the working folder `work/`, and whatever a test writes. */
export interface Machine extends Disposable {
  readonly root: string
  path(file: string): string
  write(file: string, text: string): string
  load(env?: Given['env'], uid?: number): Config
  /** The faults with which loading ends; throws where it succeeds. */
  faults(env?: Given['env'], uid?: number): readonly string[]
}

const PASSWD = `root:x:0:0:root:/root:/bin/bash
berth-1:x:2001:3001::/nonexistent:/usr/sbin/nologin
berth-2:x:2002:3002::/nonexistent:/usr/sbin/nologin
same:x:2001:3001::/nonexistent:/usr/sbin/nologin
toor:x:0:0::/root:/bin/sh
captain:x:2003:3003::/home/captain:/bin/bash
docked:x:2004:998::/home/docked:/bin/bash
`
const GROUP = `root:x:0:
sudo:x:27:captain
docker:x:998:berth-9,captain
berth-1:x:3001:
`

/** Any recipe that is right, as text. */
export const HELLO = `description: Says hello
driver: process
stages:
  - { name: check, run: 'test -f README.md', timeout: 1m }
teardown: { run: 'true', timeout: 1m }
`

/** Any recipe of a stack that is right, as text. */
export const STACK = `description: Deploys
driver: swarm
stack: { files: [compose.yml] }
stages:
  - { name: deploy, deploy: {} }
`

export function machine(): Machine {
  const root = mkdtempSync(join(tmpdir(), 'berth-config-'))
  const path = (file: string) => join(root, file)
  const write = (file: string, text: string) => {
    mkdirSync(dirname(path(file)), { recursive: true })
    writeFileSync(path(file), text)
    return path(file)
  }
  const load = (env: Given['env'] = {}, uid = 0) =>
    loadConfig({ env, cwd: path('work'), etc: path('etc'), uid })
  write('etc/passwd', PASSWD)
  write('etc/group', GROUP)
  write('etc/machine-id', 'd1e8f1ee0c5f4c1a9d2f0b1c2d3e4f50\n')
  mkdirSync(path('work'))
  return {
    root,
    path,
    write,
    load,
    faults: (env, uid) => faultsOf(() => load(env, uid)),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

export function faultsOf(act: () => unknown): readonly string[] {
  try {
    act()
  } catch (error) {
    if (error instanceof InputError) return error.faults
    throw error
  }
  throw new Error('It succeeded')
}
