import { describe, expect, test } from 'vitest'
import { servicesOf } from '../../../src/drivers/stack/services.ts'

const DOMAIN = 'blog-pr7.ci.example.org'
const STACK = 'blog-pr7_ci_example_org'

const FILE = {
  services: {
    web: {
      volumes: [
        { type: 'volume', source: 'data', target: '/data', volume: { nocopy: true } },
        { type: 'bind', source: '/srv', target: '/srv' },
        { type: 'tmpfs', target: '/run' },
        'named:/named:rw',
        '/srv/other:/other',
        '/anonymous',
      ],
      labels: { 'backupbot.backup': 'of the container' },
      deploy: { labels: { 'backupbot.backup': 'of the service', number: 1 } },
    },
    app: {},
  },
  volumes: { data: null, named: { name: 'by-itself' } },
}

describe('R-DKR-13 what a backup reads of what was deployed', () => {
  test.each(['swarm', 'compose'] as const)('R-DKR-13 by the driver %s', (driver) => {
    const stage = { request: { domain: DOMAIN }, orchestrator: { driver } }
    const services = servicesOf(stage, { file: FILE })
    const volumes = [
      { name: `${STACK}_data`, target: '/data' },
      { name: 'by-itself', target: '/named' },
    ]
    const labels = {
      swarm: { 'backupbot.backup': 'of the service', number: '1' },
      compose: { 'backupbot.backup': 'of the container' },
    }
    expect(services).toEqual([
      { name: 'app', labels: {}, volumes: [] },
      { name: 'web', labels: labels[driver], volumes },
    ])
  })
})
