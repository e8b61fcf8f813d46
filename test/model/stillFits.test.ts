import { describe, expect, test } from 'vitest'
import { misfitOf } from '../../src/model/stillFits.ts'
import { aConfig, aRecipe, TRUST } from './policyWorld.ts'

const SIZES = { size: { values: ['s', 'l'], default: 's' } }
const RECIPE = aRecipe('hello', { resources: ['gpu'], arguments: SIZES })
const CONFIG = { ...aConfig(), baseDomain: 'ci.test', runDomains: /^[a-z0-9-]+\.ci\.test$/ }
const DOMAIN = 'site-hello-pr1.ci.test'
const RUN = { fork: false, domain: DOMAIN, names: ['r:gpu', DOMAIN], arguments: { size: 'l' } }

describe('a queued run, when the service was started anew', () => {
  test('starts while all is as it was', () => {
    expect(misfitOf(RUN, RECIPE, CONFIG)).toBeNull()
    expect(misfitOf({ ...RUN, fork: true }, RECIPE, CONFIG)).toBeNull()
  })

  test('R-RUN-20 does not start a fork’s code where nothing isolates it any more, or forks are not wanted', () => {
    const fork = { ...RUN, fork: true }
    expect(misfitOf(fork, RECIPE, { ...CONFIG, runAs: [] })).toContain('fork_needs_isolation')
    const trust = { ...TRUST, forks: 'never' } as const
    expect(misfitOf(fork, RECIPE, { ...CONFIG, trust })).toContain('fork_refused')
    expect(misfitOf(RUN, RECIPE, { ...CONFIG, runAs: [] })).toBeNull()
  })

  test('R-LCK-02 does not start without a lock that its recipe has come to want', () => {
    const now = aRecipe('hello', { resources: ['gpu', 'port-1'], arguments: SIZES })
    expect(misfitOf(RUN, now, CONFIG)).toContain('r:port-1')
  })

  test('R-CMD-03 R-JAN-03 does not start with an argument or at a domain that is not allowed any more', () => {
    const now = aRecipe('hello', { resources: ['gpu'] })
    expect(misfitOf(RUN, now, CONFIG)).toContain('there is no argument size')
    expect(misfitOf(RUN, RECIPE, { ...CONFIG, runDomains: /^other$/ })).toContain('runDomains')
  })
})
