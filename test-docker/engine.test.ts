import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEngine, requireSwarm } from '../src/drivers/docker/engine.ts'

test('R-DKR-01 an engine that is there says who it is', async () => {
  const engine = await openEngine({ host: null, certPath: null })
  expect(await requireSwarm(engine)).toEqual({ version: expect.any(String), node: expect.any(String) })
})

test('R-DKR-01 an engine that is not there is one clear sentence with the way out', async () => {
  const engine = await openEngine({ host: 'unix:///nowhere/docker.sock', certPath: null })
  await expect(requireSwarm(engine)).rejects.toMatchObject({
    code: 'ENGINE_UNREACHABLE',
    message:
      'No Docker Engine answers at unix:///nowhere/docker.sock: start it (systemctl start docker), ' +
      'install it (apt-get install docker.io), or say where it is (berth.yml, docker.host)',
  })
})

test('R-DKR-01 an engine that does not answer is given up after its time', async () => {
  const path = join(tmpdir(), `berth-silent-${process.pid}.sock`)
  const server = createServer(() => undefined).listen(path)
  onTestFinished(() => {
    server.close()
    rmSync(path, { force: true })
  })
  const engine = await openEngine({ host: `unix://${path}`, certPath: null })
  const ask = engine.call('list services', (docker, abortSignal) => docker.listServices({ abortSignal }), {
    mostMs: 200,
  })
  await expect(ask).rejects.toMatchObject({
    code: 'ENGINE_TIMEOUT',
    message: `The Docker Engine at unix://${path} did not list services within 0.2 s: look at its own log`,
  })
  // Some calls of the client take no signal.
  await expect(
    engine.call('say what it is', (docker) => docker.info(), { mostMs: 200 }),
  ).rejects.toMatchObject({
    code: 'ENGINE_TIMEOUT',
  })
})

test('R-DKR-01 what the engine refuses is told in its own words', async () => {
  const engine = await openEngine({ host: null, certPath: null })
  const ask = engine.call('remove the service', (docker) =>
    docker.getService('nothing-of-that-name').remove(),
  )
  await expect(ask).rejects.toMatchObject({
    code: 'ENGINE_REFUSED',
    status: 404,
    message: 'The Docker Engine refused to remove the service: service nothing-of-that-name not found',
  })
})

test('R-DKR-01 an address that no engine can be at is refused by name', async () => {
  await expect(openEngine({ host: 'ssh://else', certPath: null })).rejects.toThrow(
    'docker.host: ssh://else: it must be unix:///path or tcp://host:port',
  )
})
