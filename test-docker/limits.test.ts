import { describe, expect } from 'vitest'
import { BERTH_LABELS } from '../src/model/stackObjects.ts'
import { IMAGE } from './fixtures/images.ts'
import { docker, lines } from './fixtures/raw.ts'
import type { StackText } from './fixtures/stackFile.ts'
import { commit, filesOf, stackOf, test } from './fixtures/stacks.ts'

const MEBIBYTE = 2 ** 20

const STACK: StackText = {
  services: {
    plain: {},
    modest: { deploy: { resources: { limits: { memory: '24M', cpus: '0.25' } } } },
    greedy: {
      deploy: {
        resources: { limits: { memory: '1G', cpus: '2' }, reservations: { memory: '512M', cpus: '1' } },
      },
    },
  },
}

describe('R-RUN-20 limits of a recipe', () => {
  test('R-RUN-20 hold for every service of its stack that says nothing tighter, and its containers have them', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('limited')
    world.recipe(name)
    stacks.write(name, {
      stages: { deploy: { deploy: {} }, wait: { exec: { service: 'plain', run: 'sleep 3600' } } },
      more: { limits: { memory: '48MiB', processes: 30, cpus: 0.5 } },
    })
    commit(world, filesOf(STACK))
    const run = await world.run(name)
    await run.has('stage.started wait')
    const limitsOf = (service: string) => {
      const format = '{{json .Spec.TaskTemplate.Resources}}'
      return JSON.parse(docker('service', 'inspect', '--format', format, `${stackOf(name)}_${service}`))
    }
    const all = { MemoryBytes: 48 * MEBIBYTE, NanoCPUs: 5e8, Pids: 30 }
    expect(limitsOf('plain')).toMatchObject({ Limits: all })
    expect(limitsOf('modest')).toMatchObject({
      Limits: { MemoryBytes: 24 * MEBIBYTE, NanoCPUs: 2.5e8, Pids: 30 },
    })
    expect(limitsOf('greedy')).toMatchObject({
      Limits: all,
      Reservations: { MemoryBytes: 48 * MEBIBYTE, NanoCPUs: 5e8 },
    })
    const [container = ''] = docker('ps', '--quiet', '--filter', `name=${stackOf(name)}_plain`).split('\n')
    const format = '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}}'
    expect(docker('inspect', '--format', format, container)).toBe(`${48 * MEBIBYTE} 30 500000000`)
    run.cli.kill('SIGINT')
    await run.cli.endedWith(130)
  })

  test('R-RUN-20 R-DKR-11 hold for what compose starts, too', async ({ world, stacks }) => {
    const name = stacks.name('limited')
    world.recipe(name)
    stacks.write(name, {
      stages: { deploy: { deploy: {} }, wait: { exec: { service: 'plain', run: 'sleep 3600' } } },
      more: { driver: 'compose', limits: { memory: '48MiB', processes: 30, cpus: 0.5 } },
    })
    const command = ['sleep', '3600']
    const plain = { image: IMAGE, command }
    const modest = { ...plain, mem_limit: '24m', cpus: 0.25 }
    const deployed = { ...plain, deploy: { resources: { limits: { memory: '16M', cpus: '2' } } } }
    const services = { plain, modest, deployed }
    commit(world, { 'compose.yml': JSON.stringify({ services }) })
    const run = await world.run(name)
    await run.has('stage.started wait')
    const limitsOf = (service: string) => {
      const format = '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}}'
      const words = ['--filter', `label=com.docker.compose.service=${service}`]
      const [id = ''] = lines('ps', '--quiet', ...words, '--filter', `label=${BERTH_LABELS.run}=${run.id}`)
      return docker('inspect', '--format', format, id)
    }
    expect(limitsOf('plain')).toBe(`${48 * MEBIBYTE} 30 500000000`)
    expect(limitsOf('modest')).toBe(`${24 * MEBIBYTE} 30 250000000`)
    expect(limitsOf('deployed')).toBe(`${16 * MEBIBYTE} 30 500000000`)
    run.cli.kill('SIGINT')
    await run.cli.endedWith(130)
  })
})
