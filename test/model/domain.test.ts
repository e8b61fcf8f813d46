import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  type DomainFacts,
  domainFor,
  mentions,
  namesOf,
  runDomainFault,
  templateFault,
} from '../../src/model/domain.ts'
import { domainFault, stackNameFault } from '../../src/model/names.ts'

const CONFIG = { baseDomain: 'ci.example.org', runDomains: /^[a-z0-9-]+\.ci\.example\.org$/ }
const FACTS: DomainFacts = { owner: 'acme', repo: 'site', pr: 7, run: '01k3run' }
const TEMPLATE = '{repo}-{recipe}-pr{pr}.{base}'

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function made(template: string, facts: Partial<DomainFacts> = {}, config = CONFIG): string {
  const result = domainFor({ name: 'hello', domain: template }, { ...FACTS, ...facts }, config, sha256)
  return 'domain' in result ? result.domain : `fault: ${result.fault}`
}

describe('domainFor', () => {
  test.each([
    [TEMPLATE, {}, 'site-hello-pr7.ci.example.org'],
    ['{owner}-{repo}-{pr}-{run}.{base}', {}, 'acme-site-7-01k3run.ci.example.org'],
    [TEMPLATE, { repo: 'My_Site.js' }, 'my-site-js-hello-pr7.ci.example.org'],
    [TEMPLATE, { repo: '.github' }, 'github-hello-pr7.ci.example.org'],
    ['{owner}-{repo}.{base}', { owner: '' }, 'site.ci.example.org'],
    ['{repo}-{run}.{base}', { run: '01K3ABC' }, 'site-01k3abc.ci.example.org'],
    ['fixed.ci.example.org', {}, 'fixed.ci.example.org'],
  ])('R-LCK-12 template %s with %o becomes %s', (template, facts, expected) => {
    expect(made(template, facts)).toBe(expected)
  })

  test('the hash is the same for every run and differs between pull requests, recipes and repositories', () => {
    const first = made('x-{hash}.{base}')
    expect(first).toMatch(/^x-[0-9a-f]{8}\.ci\.example\.org$/)
    expect(made('x-{hash}.{base}', { run: 'other' })).toBe(first)
    expect(made('x-{hash}.{base}', { owner: 'ACME' })).toBe(first)
    for (const other of [{ pr: 8 }, { repo: 'shop' }, { owner: 'coop' }])
      expect(made('x-{hash}.{base}', other)).not.toBe(first)
  })

  test('R-LCK-12 a name too long for a label or a stack is cut, valid, and unlike that of a repository with the same start', () => {
    const long = 'a-repository-with-a-name-that-is-much-too-long-for-a-label-of-the-domain-name-system'
    const one = made(TEMPLATE, { repo: `${long}-one` })
    const two = made(TEMPLATE, { repo: `${long}-two` })
    const otherOwner = made(TEMPLATE, { owner: 'coop', repo: `${long}-one` })
    const otherPr = made(TEMPLATE, { repo: `${long}-one`, pr: 8 })
    expect(new Set([one, two, otherOwner, otherPr]).size).toBe(4)
    for (const domain of [one, two, otherOwner, otherPr]) {
      expect(domain).toMatch(/^a-repository-[a-z-]*-[0-9a-f]{8}\.ci\.example\.org$/)
      expect(domainFault(domain)).toBeNull()
      expect(stackNameFault(domain)).toBeNull()
    }
    expect(made(TEMPLATE, { repo: `${long}-one` })).toBe(one)
  })

  test('R-LCK-12 a cut never ends in a hyphen, whatever the length', () => {
    const lengths = Array.from({ length: 90 }, (_, index) => index + 1)
    for (const length of lengths) {
      const domain = made(TEMPLATE, { repo: 'ab-'.repeat(40).slice(0, length) })
      expect(domainFault(domain) ?? stackNameFault(domain)).toBeNull()
    }
  })

  test('a repository without a letter or digit in its name is told apart from another such one', () => {
    expect(made('{repo}.{base}', { repo: '_' })).toMatch(/^[0-9a-f]{8}\.ci/)
    expect(made('{repo}.{base}', { repo: '_' })).not.toBe(made('{repo}.{base}', { repo: '-' }))
  })

  test('R-JAN-03 a domain outside the run domains is refused, and the text says which are allowed', () => {
    expect(made('www.example.org')).toContain('www.example.org is not one that runs may use')
    expect(made('{base}')).toContain('ci.example.org is not one that runs may use')
    expect(made('{repo}.sub.{base}')).toContain('runDomains: ^[a-z0-9-]+')
  })

  test('R-LCK-12 a base that leaves no room is refused, not cut', () => {
    const baseDomain = `${'long-'.repeat(11)}base.org`
    expect(made(TEMPLATE, {}, { baseDomain, runDomains: /./ })).toMatch(/^fault: recipe hello: .*stack name/)
  })

  test.each([
    ['{repo}-{branch}.{base}', /says \{branch\}; it may say \{owner\} \{repo\}/],
    ['{repo}-{.{base}', /brace without its pair|says \{/],
    ['{repo}}.{base}', /brace without its pair/],
  ])('template %s is a fault that names the choice', (template, expected) => {
    expect(templateFault(template)).toMatch(expected)
    expect(made(template)).toMatch(/^fault: recipe hello/)
  })
})

test('R-LCK-12 a domain given by hand is held to the same rules', () => {
  expect(runDomainFault('mine.ci.example.org', CONFIG)).toBeNull()
  expect(runDomainFault('Mine.ci.example.org', CONFIG)).toContain('lower-case')
  expect(runDomainFault('mine.ci.example.org.', CONFIG)).toContain('end with a dot')
  expect(runDomainFault('../etc', CONFIG)).not.toBeNull()
})

test('a template mentions a placeholder only in braces', () => {
  expect(mentions(TEMPLATE, 'repo')).toBe(true)
  expect(mentions('repo-{pr}.{base}', 'repo')).toBe(false)
})

describe('namesOf', () => {
  test('R-LCK-09 the names of a run are its domain and its resources, sorted, each once', () => {
    expect(namesOf({ name: 'x', resources: ['gpu', 'audio', 'gpu'] }, 'z.ci.example.org')).toEqual([
      'r:audio',
      'r:gpu',
      'z.ci.example.org',
    ])
  })

  test('R-LCK-09 an eighth name is refused', () => {
    const resources = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    expect(() => namesOf({ name: 'x', resources }, 'z.ci.example.org')).toThrow(/wants 8 names.*at most 7/)
    expect(namesOf({ name: 'x', resources: resources.slice(1) }, 'z.ci.example.org')).toHaveLength(7)
  })
})
