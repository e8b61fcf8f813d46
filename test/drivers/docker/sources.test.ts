import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { copySources } from '../../../src/drivers/docker/sources.ts'
import { DEFAULT_ALLOW } from '../../../src/model/enginePolicy/allow.ts'
import { checkoutOf, goodSources, HAS_DOCKER, lines, SECRET, sourcesOf, stackConfig } from './checkout.ts'

const APP = 'services:\n  app:\n    image: nginx\n'

describe('env files', () => {
  test.each([
    ['env_file: /etc/passwd', 'the env_file /etc/passwd cannot be used: it leads out of the repository'],
    ['env_file: [../secret]', 'the env_file ../secret cannot be used: it leads out of the repository'],
    ['env_file: [link]', 'the env_file link cannot be used: it leads out of the repository'],
    [
      'env_file: [folder/secret]',
      'the env_file folder/secret cannot be used: it leads out of the repository',
    ],
    [
      'env_file: [{ path: ../secret, required: false }]',
      'the env_file ../secret cannot be used: it leads out of the repository',
    ],
    ['env_file: [none]', 'the env_file none cannot be used: it is not there'],
    [
      "env_file: '${X:-/etc/passwd}'",
      'the name of an env_file must be plain: it is looked at before variables are filled in',
    ],
    [
      'env_file: [~/x]',
      'the name of an env_file must be plain: it is looked at before variables are filled in',
    ],
    [
      'env_file: { a: b }',
      'the name of an env_file must be plain: it is looked at before variables are filled in',
    ],
    [
      '"env_\\x66ile": /etc/passwd',
      'the env_file /etc/passwd cannot be used: it leads out of the repository',
    ],
    [
      '? &k env_file\n    : /etc/passwd',
      'the env_file /etc/passwd cannot be used: it leads out of the repository',
    ],
    [
      '<<: { env_file: /etc/passwd }',
      'the env_file /etc/passwd cannot be used: it leads out of the repository',
    ],
  ])('R-DKR-15 %j is refused before the client reads it, by its line', (line, text) => {
    const here = checkoutOf({ 'compose.yml': `${APP}    ${line}\n` })
    symlinkSync('../secret', join(here.checkout, 'link'))
    symlinkSync('..', join(here.checkout, 'folder'))
    const [refusal, ...others] = lines(sourcesOf(here))
    expect(others).toEqual([])
    expect(refusal).toMatch(/^compose\.yml:4: services\.app\.env_file(?:\[0\])?: /)
    expect(refusal?.endsWith(text)).toBe(true)
  })

  test('R-DKR-15 one of an anchor is named where the anchor is', () => {
    const here = checkoutOf({ 'compose.yml': `x-all: &all\n  env_file: /etc/passwd\n${APP}    <<: *all\n` })
    expect(lines(sourcesOf(here))).toEqual([
      'compose.yml:2: services.app.env_file: the env_file /etc/passwd cannot be used: it leads out of the repository',
    ])
  })

  test('R-DKR-15 no pull request fills the disk with copies', () => {
    const names = Array.from({ length: 1001 }, (_, index) => `${index}.env`)
    const here = checkoutOf({
      'compose.yml': `${APP}    env_file: [${names.join()}]\n`,
      ...Object.fromEntries(names.map((name) => [name, ''])),
    })
    const refused = lines(sourcesOf(here))
    expect(refused.at(-1)).toContain('all files of the stack together are too many or too large')
    const large = Array.from({ length: 65 }, (_, index) => `${index}.env`)
    const there = checkoutOf({ 'compose.yml': `${APP}    env_file: [${large.join()}]\n` })
    for (const name of large) {
      writeFileSync(join(there.checkout, name), '')
      truncateSync(join(there.checkout, name), 2 ** 20)
    }
    expect(lines(sourcesOf(there))).toHaveLength(2)
  })

  test('R-DKR-15 the client reads the copy, whatever is in the checkout by then', () => {
    const here = checkoutOf({
      'deploy/compose.yml': `${APP}    env_file: [../a.env, sub/b.env, { path: c.env, required: false }]\n`,
      'a.env': 'A=1\n',
      'deploy/sub/b.env': 'B=2\n',
    })
    const sources = goodSources(here, 'deploy/compose.yml')
    rmSync(join(here.checkout, 'a.env'))
    symlinkSync('../secret', join(here.checkout, 'a.env'))
    expect(readFileSync(join(here.into, 'a.env'), 'utf8')).toBe('A=1\n')
    expect(readFileSync(join(sources.folder, 'sub/b.env'), 'utf8')).toBe('B=2\n')
    const modes = ['', 'deploy', 'deploy/sub', 'a.env'].map(
      (name) => statSync(join(here.into, name)).mode & 0o777,
    )
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o644])
  })
})

describe('compose files', () => {
  test("R-DKR-15 a key that the recipe lets pass does so, a fork's only if the recipe says so", () => {
    const here = checkoutOf({ 'compose.yml': `${APP}    runtime: x\n` })
    const refused = (isFork: boolean, forks: boolean) => {
      const allow = { ...DEFAULT_ALLOW, keys: ['services.*.runtime'], forks }
      return lines(
        copySources(here.checkout, ['compose.yml'], `${here.into}-${isFork}-${forks}`, { allow, isFork }),
      ).length
    }
    expect([refused(false, false), refused(true, true), refused(true, false)]).toEqual([0, 0, 1])
  })

  test.each([
    ['include: [other.yml]', 'compose.yml:4: include: include is not known to be harmless'],
    ['    build: ./x', 'compose.yml:4: services.app.build: builds an image on the engine'],
    [
      '    constructor: x',
      'compose.yml:4: services.app.constructor: constructor is not known to be harmless',
    ],
    ['models: {}', 'compose.yml:4: models: models is not known to be harmless'],
    [
      '    label_file: /etc/passwd',
      'compose.yml:4: services.app.label_file: label_file is not known to be harmless',
    ],
    [
      '    provider: { type: x }',
      'compose.yml:4: services.app.provider: provider is not known to be harmless',
    ],
    [
      '    extends: { file: /etc/x.yml, service: a }',
      'compose.yml:4: services.app.extends: takes a service from another file',
    ],
    ['    image: other', 'compose.yml:4: : this is no valid YAML: Map keys must be unique'],
    ['    command: !secret x', 'compose.yml:4: : this is no valid YAML: Unresolved tag: !secret'],
    [
      '---\nservices: {}',
      'compose.yml:4: : this is no valid YAML: Source contains multiple documents; please use YAML.parseAllDocuments()',
    ],
    ['  app2: {{ .Name }}', 'compose.yml:4: services.app2.{ .Name }: '],
  ])('R-DKR-15 R-DKR-06 %j is refused by its line', (line, text) => {
    const refused = lines(sourcesOf(checkoutOf({ 'compose.yml': `${APP}${line}\n` })))
    expect(refused[0]?.startsWith(text)).toBe(true)
  })

  test.each([
    [
      'a link to another file',
      (path: string) => symlinkSync('../secret', path),
      'it leads out of the repository',
    ],
    ['a folder', (path: string) => mkdirSync(path), 'it is no regular file'],
    ['nothing', () => {}, 'it is not there'],
    [
      'a million lines',
      (path: string) => writeFileSync(path, '#\n'.repeat(1_000_000)),
      'it has 2000000 bytes, more than 1048576',
    ],
  ])('R-DKR-15 R-DKR-06 %s is no compose file, and none of it is shown', (_, make, fault) => {
    const here = checkoutOf({ README: '' })
    make(join(here.checkout, 'compose.yml'))
    expect(lines(sourcesOf(here))).toEqual([`compose.yml:1: : the compose file cannot be used: ${fault}`])
    expect(existsSync(join(here.into, 'compose.yml'))).toBe(false)
  })

  test('R-DKR-15 a small file cannot become a large one', () => {
    const bomb = [
      'a0: &a0 [x]',
      ...Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`),
    ]
    const [refusal] = lines(sourcesOf(checkoutOf({ 'compose.yml': `${bomb.join('\n')}\n${APP}` })))
    expect(refusal).toContain('Excessive alias count')
  })

  test.skipIf(!HAS_DOCKER)(
    'R-DKR-15 what Docker would read otherwise than we do is given to it as we read it',
    () => {
      const here = checkoutOf({})
      for (const [name, trick] of [
        ['ls.yml', `    # note\u2028    env_file: ${here.secret}`],
        ['cr.yml', `    # note\r    env_file: ${here.secret}`],
        ['nel.yml', `    # note\u0085    env_file: ${here.secret}`],
      ] as const) {
        mkdirSync(here.checkout, { recursive: true })
        writeFileSync(join(here.checkout, name), `version: '3.8'\n${APP}${trick}\n`)
        expect(stackConfig([join(here.checkout, name)]), 'the trick works on Docker itself').toContain('TOP')
        const { files } = goodSources({ ...here, into: join(here.root, `copies-${name}`) }, name)
        expect(stackConfig(files)).not.toContain('TOP')
      }
    },
  )

  test.skipIf(!HAS_DOCKER)('R-DKR-15 a file of the host is not shown by the errors of the client', () => {
    const here = checkoutOf({})
    writeFileSync(here.secret, 'a secret of the host\n')
    mkdirSync(here.checkout)
    writeFileSync(join(here.checkout, 'compose.yml'), `${APP}    env_file: ${here.secret}\n`)
    expect(() => stackConfig([join(here.checkout, 'compose.yml')])).toThrow('a secret of the host')
    expect(lines(sourcesOf(here)).join()).not.toContain(SECRET)
  })

  test.skipIf(!HAS_DOCKER)('R-DKR-06 Docker reads the copies as it reads the files themselves', () => {
    const compose = `version: "3.8"
x-all: &all
  logging: { driver: json-file }
services:
  app:
    <<: *all
    image: "nginx:\${TAG:-1.10}"
    command: [echo, $$HOME, "é 🚢  \\u2028  y \\x85  z \\x7f"]
    environment: [A=yes, B=0440, C, "D=\${X}"]
    env_file: sub/app.env
    labels: { on: on, yes: "no", n: 1.10, m: 0o17, k: ~ }
    ports: ["8080:80", "22:22"]
    configs: [{ source: c, target: /c, mode: 0440 }]
    healthcheck: { test: [CMD, "true"], interval: 1m30s }
configs: { c: { file: ./sub/../c.conf } }
`
    const overlay =
      'version: "3.8"\nservices: { app: { environment: { E: 12:30:45, F: 2001-01-01x, G: 123456789012345678, H: 1_000, I: 0b101, J: 0x1F, K: 08, L: -0440, M: 0o17, N: 0, O: +7, P: 1.10, Q: yes, S: -0b11, U: .5, V: 010 }, deploy: { replicas: 2 } } }\n'
    const here = checkoutOf({
      'compose.yml': compose,
      'compose.more.yml': overlay,
      'sub/app.env': 'FROM=file\n',
      'c.conf': '',
    })
    const names = ['compose.yml', 'compose.more.yml']
    const env = { X: 'x', C: 'c' }
    const direct = stackConfig(
      names.map((name) => join(here.checkout, name)),
      env,
    )
    const copied = stackConfig(goodSources(here, ...names).files, env)
    expect(parse(copied.replaceAll(here.into, here.checkout))).toEqual(parse(direct))
    expect(direct).toContain('FROM: file')
    expect(direct).toContain('mode: 288')
  })
})
