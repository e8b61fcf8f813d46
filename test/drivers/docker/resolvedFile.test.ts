import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Deployable, deployableFile } from '../../../src/drivers/docker/resolvedFile.ts'
import { type Allow, DEFAULT_ALLOW } from '../../../src/model/enginePolicy/allow.ts'
import { DOMAIN, LABELS, STACK } from '../../model/enginePolicy/policyScene.ts'
import { type Checkout, checkoutOf, goodSources, HAS_DOCKER, lines, stackConfig } from './checkout.ts'

const ENV = { STACK_NAME: STACK, DOMAIN, ENTRYPOINT_VERSION: 'v1', SECRET_DB_VERSION: 'v2' }

function deployable(
  here: Checkout,
  names: readonly string[] = ['compose.yml'],
  allow: Partial<Allow> = {},
): Deployable {
  const sources = goodSources(here, ...names)
  return deployableFile(stackConfig(sources.files, ENV), sources, {
    driver: 'swarm',
    stackName: STACK,
    domain: DOMAIN,
    labels: LABELS,
    allow: { ...DEFAULT_ALLOW, ...allow },
    isFork: false,
    made: [`secret:${STACK}_db_v2`],
  })
}

function good(result: Deployable): Extract<Deployable, { path: string }> {
  if ('refusals' in result) throw new Error(lines(result).join('\n'))
  return result
}

const RECIPE = {
  'compose.yml': `version: "3.8"
x-all: &all
  logging: { driver: json-file, options: { max-size: 1m } }
services:
  app:
    <<: *all
    image: nginx:1.20.0
    command: ["sh", "-c", "echo $$HOME $\${STACK_NAME}"]
    environment:
      - DOMAIN
      - STACK_NAME
      - PASSWORD_FILE=/run/secrets/db
    env_file: app.env
    networks: [proxy, internal]
    configs:
      - source: entrypoint
        target: /entrypoint.sh
        mode: 0555
    secrets: [db]
    volumes: ["data:/data", "/var/cache"]
    healthcheck: { test: ["CMD", "true"], interval: 30s, start_period: 1m }
    deploy:
      restart_policy: { condition: on-failure }
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.\${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.\${STACK_NAME}.rule=Host(\`\${DOMAIN}\`\${EXTRA_DOMAINS})"
        - "traefik.http.routers.\${STACK_NAME}.entrypoints=web-secure"
        - "coop-cloud.\${STACK_NAME}.version=1.2.0+2.14.1"
        - "coop-cloud.\${STACK_NAME}.timeout=\${TIMEOUT:-300}"
        - "backupbot.backup=true"
        - "backupbot.backup.pre-hook=sh -c 'dump'"
networks:
  proxy: { external: true }
  internal:
volumes:
  data:
configs:
  entrypoint:
    name: \${STACK_NAME}_entrypoint_\${ENTRYPOINT_VERSION}
    file: entrypoint.sh.tmpl
    template_driver: golang
secrets:
  db: { external: true, name: "\${STACK_NAME}_db_\${SECRET_DB_VERSION}" }
`,
  'compose.db.yml': `version: "3.8"
services:
  db:
    image: postgres:13
    networks: [internal]
    volumes: ["db:/var/lib/postgresql/data"]
    tmpfs: ["/run:size=64m"]
volumes:
  db:
`,
  'app.env': 'FROM_FILE=yes\n',
  'entrypoint.sh.tmpl': 'exec {{ env "X" }}\n',
}

describe.skipIf(!HAS_DOCKER)('a recipe as Docker resolves it', () => {
  test('R-DKR-15 R-DKR-06 one of Co-op Cloud is deployed with all that it says, our labels, and copies of its files', () => {
    const here = checkoutOf(RECIPE)
    const { file, path } = good(deployable(here, ['compose.yml', 'compose.db.yml']))
    const { services, configs, volumes, networks, secrets } = Object(file)
    expect(services.app.environment).toEqual({
      DOMAIN,
      STACK_NAME: STACK,
      FROM_FILE: 'yes',
      PASSWORD_FILE: '/run/secrets/db',
    })
    expect(services.app.command).toEqual(['sh', '-c', 'echo $HOME ${STACK_NAME}'])
    expect(services.db).toMatchObject({ image: 'postgres:13', labels: LABELS, deploy: { labels: LABELS } })
    expect(configs.entrypoint).toMatchObject({ name: `${STACK}_entrypoint_v1`, labels: LABELS })
    expect(volumes).toEqual({ data: { labels: LABELS }, db: { labels: LABELS } })
    expect(networks).toEqual({ internal: { labels: LABELS }, proxy: { name: 'proxy', external: true } })
    expect(secrets).toEqual({ db: { name: `${STACK}_db_v2`, external: true } })
    expect(readFileSync(configs.entrypoint.file, 'utf8')).toBe(RECIPE['entrypoint.sh.tmpl'])
    expect(configs.entrypoint.file.startsWith(here.into)).toBe(true)
    expect(readFileSync(path, 'utf8')).not.toContain(here.checkout)
  })

  test('R-DKR-15 Docker reads what is deployed as it was looked at, whatever its surroundings say', () => {
    const here = checkoutOf(RECIPE)
    const { file, path } = good(deployable(here, ['compose.yml', 'compose.db.yml']))
    const again = parse(stackConfig([path], { ...ENV, DOMAIN: 'other', SECRET: 'x' }))
    const { app } = again.services
    expect(app.command).toEqual(['sh', '-c', 'echo $HOME ${STACK_NAME}'])
    expect(again).toMatchObject(JSON.parse(JSON.stringify(file)))
  })

  test('R-DKR-15 a file of a config that is swapped for a link after the look does not change what is deployed', () => {
    const here = checkoutOf(RECIPE)
    const { configs } = Object(good(deployable(here)).file)
    rmSync(join(here.checkout, 'entrypoint.sh.tmpl'))
    symlinkSync(here.secret, join(here.checkout, 'entrypoint.sh.tmpl'))
    expect(readFileSync(configs.entrypoint.file, 'utf8')).toBe(RECIPE['entrypoint.sh.tmpl'])
  })

  test.each([
    [
      'a link out of the checkout',
      (path: string, secret: string) => symlinkSync(secret, path),
      'it leads out of the repository',
    ],
    ['no file', () => {}, 'it is not there'],
    [
      'more than the engine takes',
      (path: string) => writeFileSync(path, 'x'.repeat(1_024_001)),
      'it has 1024001 bytes, more than 1024000',
    ],
  ])('R-DKR-15 a config that is %s is refused by its line, and none of it is copied', (_, make, fault) => {
    const here = checkoutOf(RECIPE)
    rmSync(join(here.checkout, 'entrypoint.sh.tmpl'))
    make(join(here.checkout, 'entrypoint.sh.tmpl'), here.secret)
    expect(lines(deployable(here))).toEqual([
      `compose.yml:41: configs.entrypoint.file: the file cannot be used: ${fault}`,
    ])
    expect(() => readFileSync(join(here.into, 'entrypoint.sh.tmpl'))).toThrow('ENOENT')
  })

  test.each([['/etc/os-release'], ['../../../etc/os-release'], ['../secret'], ['${X:-/etc/os-release}']])(
    'R-DKR-15 a config from %s is refused by its line',
    (file) => {
      const here = checkoutOf({
        'compose.yml': `version: "3.8"\nservices: { app: { image: x } }\nconfigs:\n  c:\n    file: ${file}\n`,
      })
      expect(lines(deployable(here))).toEqual([
        'compose.yml:5: configs.c.file: the file is outside the checkout',
      ])
    },
  )
})

const WITH_MOUNTS = {
  'deploy/compose.yml': `version: "3.8"
services:
  app:
    image: x
    volumes:
      - ../site:/site:ro
      - type: bind
        source: ./one.conf
        target: /one.conf
      - data:/data
volumes:
  data:
`,
  'site/page': 'page',
  'deploy/one.conf': 'one',
}

describe.skipIf(!HAS_DOCKER)('mounts of the checkout', () => {
  const names = ['deploy/compose.yml']
  const allow = { mounts: ['./site:ro', './deploy/one.conf'] }

  test('R-DKR-15 are copies, where the recipe allows them', () => {
    const here = checkoutOf(WITH_MOUNTS)
    const { file } = good(deployable(here, names, allow))
    const [site, one, data] = Object(file['services']).app.volumes
    expect(data).toMatchObject({ type: 'volume', source: 'data' })
    expect(site).toMatchObject({ type: 'bind', target: '/site', read_only: true })
    expect(
      [site.source, one.source].every((path: string) => path.startsWith(`${here.into}/.berth-mount-`)),
    ).toBe(true)
    expect(readFileSync(join(site.source, 'page'), 'utf8')).toBe('page')
    expect(readFileSync(one.source, 'utf8')).toBe('one')
  })

  test('R-DKR-15 are refused by their line where it does not, and where they lead out', () => {
    const here = checkoutOf(WITH_MOUNTS)
    expect(lines(deployable(here, names))).toEqual([
      'deploy/compose.yml:6: services.app.volumes[0]: mounts ./site of the checkout',
      'deploy/compose.yml:7: services.app.volumes[1]: mounts ./deploy/one.conf of the checkout',
    ])
    rmSync(join(here.checkout, 'deploy/one.conf'))
    symlinkSync(here.secret, join(here.checkout, 'deploy/one.conf'))
    expect(lines(deployable({ ...here, into: join(here.root, 'again') }, names, allow))).toEqual([
      'deploy/compose.yml:7: services.app.volumes[1]: the file cannot be used: it leads out of the repository',
    ])
  })
})

test('R-DKR-15 R-DKR-11 mounts of the checkout that docker-compose prints short are copies, too', () => {
  const here = checkoutOf({ 'compose.yml': 'services: { app: { image: x } }\n', 'site/page': 'page' })
  const sources = goodSources(here)
  const printed = `services: { app: { image: x, volumes: ['${here.into}/site:/site:rw', './site:/other'] } }\n`
  const result = deployableFile(printed, sources, {
    driver: 'compose',
    stackName: STACK,
    domain: DOMAIN,
    labels: LABELS,
    allow: { ...DEFAULT_ALLOW, mounts: ['./site'] },
    isFork: false,
    made: [],
  })
  const copy = `${here.into}/.berth-mount-0`
  expect(good(result).file).toMatchObject({
    services: { app: { volumes: [`${copy}:/site:rw`, `${copy}:/other`] } },
  })
})

test('R-DKR-11 configs are mounts of their copies for compose: docker-compose 1.29 leaves them out without an error', () => {
  const here = checkoutOf({ 'compose.yml': 'services: { app: { image: x } }\n', motd: 'welcome' })
  const sources = goodSources(here)
  const printed = `services:
  app: { image: x, volumes: ['data:/data:rw'], configs: [motd, { source: text, target: /etc/text }] }
  other: { image: x }
volumes: { data: {} }
configs: { motd: { file: ${here.into}/motd }, text: { content: 'a $$HOME' } }
`
  const result = deployableFile(printed, sources, {
    driver: 'compose',
    stackName: STACK,
    domain: DOMAIN,
    labels: LABELS,
    allow: DEFAULT_ALLOW,
    isFork: false,
    made: [],
  })
  const { file, path } = good(result)
  const mount = (source: string, target: string) => ({ type: 'bind', source, target, read_only: true })
  expect(file).toMatchObject({
    services: {
      app: {
        volumes: [
          'data:/data:rw',
          mount(`${here.into}/motd`, '/motd'),
          mount(`${here.into}/.berth-config-text`, '/etc/text'),
        ],
      },
      other: { image: 'x' },
    },
  })
  expect(readFileSync(path, 'utf8')).not.toContain('"configs"')
  expect(readFileSync(`${here.into}/.berth-config-text`, 'utf8')).toBe('a $HOME')
  expect(readFileSync(`${here.into}/motd`, 'utf8')).toBe('welcome')
})

const BASE = `version: "3.8"
x-root: &root
  privileged: true
x-volumes: &volumes
  - /srv:/srv
services:
  app:
    image: nginx
    <<: *root
    labels:
      - "plain=1"
      - "berth.run=forged"
    volumes:
      - data:/data
      - /etc:/host:ro
    ports:
      - "8080:80"
  web:
    image: nginx
    volumes: *volumes
    deploy:
      labels:
        - "\${STACK_NAME}.rule=1"
        - "x.\${STACK_NAME}.rule=1"
        - "traefik.http.routers.\${STACK_NAME}=1"
        - traefik.http.routers.\${STACK_NAME}.rule=Host(\`example.org\`)
volumes:
  data:
`

const OVERLAY = `version: "3.8"
services:
  app:
    volumes:
      - type: bind
        source: /var/run/docker.sock
        target: /sock
    cap_add:
      - SYS_ADMIN
  web:
    pid: host
networks:
  default:
    external: true
    name: other
`

describe.skipIf(!HAS_DOCKER)('the place of a refusal', () => {
  test('R-DKR-15 is the line that a person wrote, in whichever file, through anchors and merges', () => {
    const here = checkoutOf({ 'compose.yml': BASE, 'compose.more.yml': OVERLAY })
    const places = lines(deployable(here, ['compose.yml', 'compose.more.yml'])).map((line) =>
      line.replace(/^(\S+:\d+: \S+): .*/, '$1'),
    )
    expect(places.sort()).toEqual(
      [
        'compose.yml:3: services.app.privileged',
        'compose.yml:11: services.app.labels.plain',
        'compose.yml:12: services.app.labels.berth.run',
        'compose.yml:15: services.app.volumes[1]',
        'compose.yml:17: services.app.ports[0]',
        'compose.yml:5: services.web.volumes[0]',
        `compose.yml:23: services.web.deploy.labels.${STACK}.rule`,
        `compose.yml:24: services.web.deploy.labels.x.${STACK}.rule`,
        `compose.yml:25: services.web.deploy.labels.traefik.http.routers.${STACK}`,
        `compose.yml:26: services.web.deploy.labels.traefik.http.routers.${STACK}.rule`,
        'compose.more.yml:5: services.app.volumes[2]',
        'compose.more.yml:9: services.app.cap_add[0]',
        'compose.more.yml:11: services.web.pid',
        'compose.more.yml:13: networks.default',
      ].sort(),
    )
  })
})

test('R-DKR-15 what docker-compose prints has its dollars doubled, and means the same', () => {
  const here = checkoutOf({ 'compose.yml': 'services: { app: { image: x } }\n' })
  const sources = goodSources(here)
  const printed = `name: ${STACK}\nservices: { app: { image: x, command: [echo, "$$HOME $$$$"] } }\n`
  const result = deployableFile(printed, sources, {
    driver: 'compose',
    stackName: STACK,
    domain: DOMAIN,
    labels: LABELS,
    allow: DEFAULT_ALLOW,
    isFork: false,
    made: [],
  })
  expect(good(result).file).toMatchObject({ services: { app: { command: ['echo', '$HOME $$'] } } })
  expect(readFileSync(good(result).path, 'utf8')).toContain('$$HOME $$$$')
})
