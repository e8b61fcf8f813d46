import { describe, expect, test } from 'vitest'
import { NO_LIMITS } from '../../src/model/limits.ts'
import { withLimits } from '../../src/model/stackLimits.ts'

const LIMITS = { memoryBytes: 64 * 2 ** 20, processes: 50, cpus: 0.5 }
const ALL = { memory: '67108864', cpus: '0.5', pids: 50 }

function resourcesOf(service: object): unknown {
  const file = withLimits({ version: '3.13', services: { app: service } }, LIMITS, 'swarm')
  return JSON.parse(JSON.stringify(file)).services.app.deploy.resources
}

describe('what a service of a stack may use', () => {
  test.each([
    ['says nothing', {}, ALL],
    ['says more', { memory: '1073741824', cpus: '2', pids: 900 }, ALL],
    [
      'says less',
      { memory: '33554432', cpus: '0.25', pids: 20 },
      { memory: '33554432', cpus: '0.25', pids: 20 },
    ],
    ['says that there is no limit', { memory: '0', cpus: '0', pids: -1 }, ALL],
    ['says one of them', { pids: 20 }, { ...ALL, pids: 20 }],
  ])('R-RUN-20 is what its run may, where it %s', (_, limits, wanted) => {
    expect(resourcesOf({ deploy: { resources: { limits } } })).toEqual({ limits: wanted })
  })

  test('R-RUN-20 and no more is reserved for it', () => {
    const reservations = { memory: '134217728', cpus: '0.1', generic_resources: [] }
    expect(resourcesOf({ image: 'x', deploy: { replicas: 2, resources: { reservations } } })).toEqual({
      limits: ALL,
      reservations: { memory: '67108864', cpus: '0.1', generic_resources: [] },
    })
  })

  test('R-RUN-20 is written in a version of the file that can say it', () => {
    const versionOf = (version: string, limits = LIMITS) =>
      withLimits({ version, services: {} }, limits, 'swarm')['version']
    expect(versionOf('3.8')).toBe('3.9')
    expect(versionOf('3.12')).toBe('3.12')
    expect(versionOf('3.8', { ...LIMITS, processes: null } as never)).toBe('3.8')
  })

  test('R-RUN-20 changes nothing else, and nothing where there are no limits', () => {
    const file = {
      services: { app: { image: 'x', deploy: { labels: { a: 'b' } } } },
      networks: { default: {} },
    }
    expect(withLimits(file, NO_LIMITS, 'swarm')).toBe(file)
    expect(withLimits(file, { ...NO_LIMITS, cpus: 1 }, 'swarm')).toEqual({
      services: { app: { image: 'x', deploy: { labels: { a: 'b' }, resources: { limits: { cpus: '1' } } } } },
      networks: { default: {} },
    })
  })

  test('R-RUN-20 stands for compose where all of its versions read it, and nowhere else', () => {
    const deploy = {
      replicas: 1,
      resources: { limits: { memory: '32m', pids: 900 }, reservations: { cpus: '0.1' } },
    }
    const service = { mem_limit: '48m', mem_reservation: '40m', cpus: 0.25, deploy }
    expect(withLimits({ services: { app: service, plain: {} } }, LIMITS, 'compose')['services']).toEqual({
      app: {
        mem_limit: '33554432',
        mem_reservation: '33554432',
        cpus: 0.25,
        pids_limit: 50,
        deploy: { replicas: 1, resources: { reservations: { cpus: '0.1' } } },
      },
      plain: { mem_limit: '67108864', cpus: 0.5, pids_limit: 50 },
    })
  })
})
