import { parse } from 'yaml'
import { type Allow, DEFAULT_ALLOW } from '../../../src/model/enginePolicy/allow.ts'
import type { PolicyScene } from '../../../src/model/enginePolicy/look.ts'
import { type Held, holdAgainstPolicy } from '../../../src/model/enginePolicy.ts'

export const STACK = 'site-pr7_ci_example_org'
export const DOMAIN = 'site-pr7.ci.example.org'

export const LABELS = {
  'berth.run': 'r1',
  'berth.domain': DOMAIN,
  'berth.recipe': 'swarm',
  'berth.instance': 'ci-1',
}

export function scene(allow: Partial<Allow> = {}, more: Partial<PolicyScene> = {}): PolicyScene {
  return {
    driver: 'swarm',
    stackName: STACK,
    labels: LABELS,
    domain: DOMAIN,
    allow: { ...DEFAULT_ALLOW, ...allow },
    isFork: false,
    made: [],
    checkout: '/state/files',
    folder: '/state/files',
    ...more,
  }
}

/** A resolved file with one service, and what a test adds: to the service, and beside it. */
export function file(service: string, beside = ''): unknown {
  return parse(`services:\n  app:\n    image: nginx\n${indented(service)}\n${beside}`, { merge: true })
}

export function held(service: string, beside = '', scope: PolicyScene = scene()): Held {
  return holdAgainstPolicy(file(service, beside), scope)
}

/** `key: text` of every refusal. */
export function refusalsOf(result: Held): readonly string[] {
  return 'refusals' in result ? result.refusals.map(({ key, text }) => `${key}: ${text}`) : []
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ')
}
