import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { BERTH_LABELS, PROJECT_LABEL } from '../src/model/stackObjects.ts'
import { killTogether } from '../test-concurrency/fixtures/crash.ts'
import { textOf } from '../test-concurrency/fixtures/records.ts'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { outputOf } from '../test-concurrency/fixtures/started.ts'
import { GATE, type World } from '../test-concurrency/fixtures/world.ts'
import { IMAGE, makeImage } from './fixtures/images.ts'
import { openOwnEngine } from './fixtures/ownEngine.ts'
import { clisOf } from './fixtures/processes.ts'
import { openProxy } from './fixtures/proxy.ts'
import { docker, labelled, lines } from './fixtures/raw.ts'
import { OBEDIENT, type StackText } from './fixtures/stackFile.ts'
import { commit, configureFor, filesOf, type Stacks, stackOf, test } from './fixtures/stacks.ts'
import { until } from './fixtures/until.ts'

const PAGE = 'echo hello >/tmp/index.html; exec httpd -f -p 8080 -h /tmp'

const SITE: StackText = {
  services: {
    app: {
      command: PAGE,
      env_file: '.env',
      networks: ['inner', 'default'],
      volumes: ['data:/data'],
      configs: [{ source: 'motd', target: '/etc/motd' }],
      secrets: ['password'],
      healthcheck: { test: ['CMD', 'test', '-s', '/tmp/index.html'], interval: '1s' },
      depends_on: { setup: { condition: 'service_completed_successfully' } },
    },
    database: { networks: ['inner'], scale: 2 },
    setup: { command: 'echo set up', networks: ['inner'] },
    spare: { profiles: ['spare'] },
  },
  networks: ['inner'],
  volumes: ['data'],
  configs: { motd: 'welcome' },
  secrets: { password: 'hunter2' },
}
/** For the containers. The engine's client would go there if it read it. */
const DOTENV = 'COLOUR=blue\nDOCKER_HOST=tcp://127.0.0.1:1\nCOMPOSE_PROJECT_NAME=other\n'

/** The client waits for it as long as it may. */
const CHECK = { test: ['CMD', 'false'], interval: '1s' }
const NEVER_WELL = { healthcheck: { ...CHECK, start_period: '300s' } }
const WAITING: StackText = {
  services: {
    app: { depends_on: { database: { condition: 'service_healthy' } } },
    database: { ...NEVER_WELL, volumes: ['data:/data'] },
  },
  volumes: ['data'],
}

describe('a run of a compose recipe by `berth run`', () => {
  test('R-DKR-11 R-DKR-07 R-DKR-10 is green from the deploy to a command on the host, everything that it puts up carries its marks, and nothing is left', async ({
    world,
    stacks,
  }) => {
    const inside = world.gate('inside')
    const welcome = 'test "$COLOUR" = blue; cat /etc/motd /run/secrets/password; test -d /data'
    const run = await begun(world, stacks, SITE, {
      ready: { ready: { http: 'http://app:8080/index.html' } },
      port: { ready: { tcp: 'app:8080' } },
      welcome: { exec: { service: 'app', run: welcome } },
      check: { run: `test -f compose.yml; ${GATE} inside` },
    })
    await inside.reached()
    const marked = labelled(`${BERTH_LABELS.run}=${run.id}`)
    expect(marked).toEqual(labelled(`${BERTH_LABELS.domain}=${stacks.name(NAME)}-0.ci.localhost`))
    expect(labelled(`${PROJECT_LABEL}=${stackOf(stacks.name(NAME))}`)).toEqual(marked)
    const kinds = marked.map((one) => one.split(' ')[0])
    expect(kinds).toEqual(['ps', 'ps', 'ps', 'ps', 'network', 'network', 'volume'])
    inside.go()
    await run.cli.endedWith(0)
    expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
    expect(textOf(join(run.folder, 'stages/04-welcome.log'))).toBe('welcomehunter2')
    expect(proofOf(run)).toMatch(
      /7 objects of the engine taken down in .*; the last of \d+ looks found nothing/,
    )
    expect(textOf(join(run.folder, `stack/logs/${stackOf(stacks.name(NAME))}_setup_1.log`))).toBe('set up\n')
    expect(stacks.left()).toEqual([])
  })

  test('R-DKR-11 R-DKR-04 R-DKR-07 that deploys twice has what its file says last, keeps its data, and leaves no volume without a name', async ({
    world,
    stacks,
  }) => {
    const [first, inside] = [world.gate('first'), world.gate('inside')]
    const app = { command: `echo $TURN >>/unnamed/turns; ${OBEDIENT}`, volumes: ['/unnamed'] }
    const gone = { volumes: ['/unnamed'] }
    const run = await begun(
      world,
      stacks,
      { services: { app: { ...app, environment: ['TURN=${TURN-1}'] }, gone } },
      {
        first: { run: `${GATE} first` },
        again: { run: `sed -i 's/TURN-1/TURN-2/; s/"gone"/"new"/' compose.yml` },
        redeploy: { deploy: {} },
        kept: { exec: { service: 'app', run: 'cat /unnamed/turns' } },
        check: { run: `${GATE} inside` },
      },
    )
    await first.reached()
    const made = lines('ps', '--quiet', '--filter', `label=${BERTH_LABELS.run}=${run.id}`)
    const unnamed = made.map((id) => docker('inspect', '--format', '{{range .Mounts}}{{.Name}}{{end}}', id))
    first.go()
    await inside.reached()
    const marked = labelled(`${BERTH_LABELS.run}=${run.id}`).filter((one) => one.startsWith('ps '))
    expect(marked.map((one) => one.replace(/.*localhost_/, '')).sort()).toEqual(['app_1', 'new_1'])
    inside.go()
    await run.cli.endedWith(0)
    expect(textOf(join(run.folder, 'stages/05-kept.log'))).toBe('1\n2\n')
    const there = lines('volume', 'ls', '--quiet')
    expect(unnamed).toHaveLength(2)
    expect(unnamed.filter((name) => there.includes(name))).toEqual([])
  })

  test('R-DKR-11 R-DKR-04 touches no project that is not its own, at its very name', async ({
    world,
    stacks,
  }) => {
    const stack = stackOf(stacks.name(NAME))
    const words = ['--label', `${PROJECT_LABEL}=${stack}`, '--label', 'com.docker.compose.service=app', IMAGE]
    const id = docker('run', '--detach', '--name', `${stack}_app_1`, ...words, 'sleep', '3600')
    onTestFinished(() => void docker('rm', '--force', id))
    const run = await begun(world, stacks, { services: { app: {} } })
    await run.cli.endedWith(70)
    expect(run.result()?.title).toContain(`the stack name ${stack} is taken`)
    expect(docker('inspect', '--format', '{{.State.Status}} {{.RestartCount}}', id)).toBe('running 0')
  })
})

test('R-DKR-11 R-DKR-10 an engine that is in no swarm is enough: a run is green there, and leaves nothing', async ({
  world,
  stacks,
}) => {
  await using engine = await openOwnEngine()
  docker('--host', engine.host, 'swarm', 'leave', '--force')
  // What judges looks there, too.
  process.env['DOCKER_HOST'] = engine.host
  using _there = { [Symbol.dispose]: () => void delete process.env['DOCKER_HOST'] }
  makeImage()
  configureFor(world, stacks, engine.host)
  const text = { services: { app: { volumes: ['data:/data'] } }, volumes: ['data'] }
  const run = await begun(world, stacks, text, { inside: { exec: { service: 'app', run: 'echo here' } } })
  await run.cli.endedWith(0)
  expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
  expect(textOf(join(run.folder, 'stages/02-inside.log'))).toBe('here\n')
  expect(lines('ps', '--all', '--quiet')).toEqual([])
  expect(lines('volume', 'ls', '--quiet')).toEqual([])
  expect(lines('network', 'ls', '--quiet', '--filter', 'name=localhost')).toEqual([])
})

const REDS: readonly (readonly [string, StackText['services'], RegExp])[] = [
  [
    'one-shot service that fails',
    { app: {}, setup: { command: 'echo why; exit 3' } },
    /not_restarted: setup: exit code 3/,
  ],
  [
    'service that crashes and comes back, while the client waits for it',
    {
      app: { depends_on: { setup: { condition: 'service_completed_successfully' } } },
      setup: { command: 'echo why; exit 1', restart: 'always' },
    },
    /crash_loop: setup: failed \d+ times/,
  ],
  [
    'service that crashes in its start period, which its client does not wait for',
    {
      app: { depends_on: { database: { condition: 'service_healthy' } } },
      database: { ...NEVER_WELL, command: 'echo why; exit 1', restart: 'always' },
    },
    /deploy_refused: Container .* is unhealthy/,
  ],
  [
    'service that is not healthy',
    {
      app: {
        command: `echo why; ${OBEDIENT}`,
        healthcheck: { test: ['CMD-SHELL', 'echo sick; false'], interval: '1s', retries: 1 },
      },
    },
    /unhealthy: app: unhealthy: sick/,
  ],
  [
    'command that is not there',
    { app: { entrypoint: ['/no/why'] } },
    /deploy_refused: Cannot start service app: .*no\/why/,
  ],
]

describe('a compose project that cannot stand is red at once, for what is wrong', () => {
  test.for(REDS)('R-DKR-11 R-DKR-12 a %s', async ([, services, fault], { world, stacks }) => {
    const run = await begun(world, stacks, { services })
    await run.cli.endedWith(1)
    expect(run.result()).toMatchObject({ conclusion: 'failure', verified: true })
    expect(JSON.stringify(run.result())).toMatch(fault)
    expect(textOf(join(run.folder, 'stages/01-deploy.log'))).toContain('why')
    expect(stacks.left()).toEqual([])
  })
})

describe('R-DKR-10 a compose run that is cancelled leaves zero objects, and is cancelled', () => {
  test('R-DKR-10 R-DKR-05 R-DKR-11 in the middle of its deploy: also when the engine hears the request after its client’s death', async ({
    world,
    stacks,
  }) => {
    await using proxy = await openProxy('/containers/create', 2)
    configureFor(world, stacks, proxy.host)
    const run = await begun(world, stacks, SITE)
    await proxy.held()
    await outputOf(world.berth('cancel', run.id))
    await until('the end of the client', proxy.isClientGone)
    await until('the teardown', () => run.events().includes('teardown.started'))
    await proxy.release()
    await expectCancelled(run, stacks)
    expect(proofOf(run)).toMatch(/the last 5 of \d+ looks, over 1\d\.\ds, found nothing/)
  })

  test('R-DKR-10 R-DKR-03 R-DKR-11 while its client waits for a dependency without an end of its own', async ({
    world,
    stacks,
  }) => {
    const run = await begun(world, stacks, WAITING)
    await until('a container', () => hasContainer(run))
    expect(clisOf(run.id)).toHaveLength(1)
    await outputOf(world.berth('cancel', run.id))
    await expectCancelled(run, stacks)
    expect(clisOf(run.id)).toEqual([])
  })
})

describe('R-DKR-05 SIGKILL of everything that a compose run is: the janitor leaves zero objects', () => {
  test('R-DKR-05 R-JAN-01 R-DKR-11 in the middle of its deploy; the engine hears its client’s last request when the janitor has seen nothing once', async ({
    world,
    stacks,
  }) => {
    await using proxy = await openProxy('/containers/create')
    configureFor(world, stacks, proxy.host)
    // Of a network from outside only: one of its own would be gone by then, and the engine refuse.
    const shared = `shared-${randomBytes(4).toString('hex')}`
    docker('network', 'create', shared)
    onTestFinished(() => void docker('network', 'rm', shared))
    const text = { services: { app: { networks: [shared] } }, external: [shared] }
    const run = await begun(world, stacks, text, {}, { allow: { external: [shared] } })
    await proxy.held()
    await killEverything(run)
    expect(clisOf(run.id)).toEqual([])
    const janitor = world.berth('janitor')
    const log = () => textOf(join(run.folder, 'stages/teardown.log'))
    await until('an empty look', () => log().includes('(look 1 of 5)'))
    expect(await proxy.release()).toMatch(/^HTTP\/1.1 201 Created/)
    await janitor.endedWith(10)
    expect(stacks.left()).toEqual([])
    expect(log()).toContain('there: 1 container')
  })

  test('R-DKR-05 R-JAN-01 R-DKR-11 in the middle of converging', async ({ world, stacks }) => {
    const run = await begun(world, stacks, {
      services: { app: { ...NEVER_WELL, volumes: ['data:/data'] } },
      volumes: ['data'],
    })
    await until('a container', () => hasContainer(run))
    await killEverything(run)
    expect(stacks.left().length).toBeGreaterThan(0)
    await world.berth('janitor').endedWith(10)
    expect(stacks.left()).toEqual([])
    expect(run.result()).toMatchObject({ verified: true })
  })
})

const NAME = 'cmp'

function begun(
  world: World,
  stacks: Stacks,
  text: StackText,
  later: Readonly<Record<string, object>> = {},
  more: Readonly<Record<string, unknown>> = {},
): Promise<Run> {
  const name = stacks.name(NAME)
  world.recipe(name)
  const stages = { deploy: { deploy: {} }, ...later }
  stacks.write(name, { stages, more: { driver: 'compose', ...more } })
  commit(world, { ...filesOf(text), '.env': DOTENV, 'turn.txt': String(performance.now()) })
  return world.run(name)
}

/** The caller, the wrapper, the run process, and clients of the engine, at one moment. */
async function killEverything(run: Run): Promise<void> {
  const { pid, wrapper } = run.conductor()
  await killTogether(run.cli.pid, wrapper, pid, ...clisOf(run.id).map((cli) => cli.pid))
}

async function expectCancelled(run: Run, stacks: Stacks): Promise<void> {
  await run.cli.endedWith(143)
  expect(run.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
  expect(stacks.left()).toEqual([])
}

function hasContainer(run: Run): boolean {
  return labelled(`${BERTH_LABELS.run}=${run.id}`).some((one) => one.startsWith('ps '))
}

function proofOf(run: Run): string {
  return run.result()?.proof.join('\n') ?? ''
}
