import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appKeys } from './support.ts'

const MAIN = join(import.meta.dirname, '../../src/sandbox/main.ts')

let folder: string
let environment: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-sandbox-main-'))
  await writeFile(join(folder, 'app.pem'), (await appKeys).publicKey)
  environment = {
    WEBHOOK_URL: 'http://127.0.0.1:9/api/github/webhooks',
    WEBHOOK_SECRET: 'secret',
    APP_ID: '1',
    APP_PUBLIC_KEY_PATH: join(folder, 'app.pem'),
    DATA_DIR: join(folder, 'data'),
  }
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('the stand-in runs as a program of its own, keeps its port, and leaves nothing when it is asked to stop', async () => {
  const child = start(['--until-stdin-ends'])
  const url = await readyUrl(child)
  expect((await fetch(`${url}/acme/site/pull/1`)).status).toBe(200)
  const second = await execa(process.execPath, [MAIN, '--until-stdin-ends'], {
    env: { ...environment, PORT: new URL(url).port },
    stdin: 'pipe',
    reject: false,
  })
  expect(second.exitCode).toBe(69)
  expect(second.stderr).toContain(`Port ${new URL(url).port} on 127.0.0.1 cannot be used`)
  expect(await readdir(join(folder, 'data'))).toHaveLength(1)
  child.kill('SIGTERM')
  expect((await child).exitCode).toBe(0)
  expect(await readdir(join(folder, 'data'))).toEqual([])
})

test('the stand-in can be told to end with whoever started it', async () => {
  const child = start(['--until-stdin-ends'])
  await readyUrl(child)
  child.stdin.end()
  expect((await child).exitCode).toBe(0)
})

function start(args: readonly string[]) {
  return execa(process.execPath, [MAIN, ...args], { env: environment, stderr: 'ignore' })
}

async function readyUrl(child: ReturnType<typeof start>): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) {
    const ready: { url: string } = JSON.parse(line)
    return ready.url
  }
  throw new Error('the stand-in ended before it was ready')
}
