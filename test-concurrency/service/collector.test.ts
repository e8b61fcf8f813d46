import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect } from 'vitest'
import { until, within } from '../fixtures/until.ts'
import { SITE } from '../fixtures/world.ts'
import { startCollector } from './fixtures/collector.ts'
import { freePort } from './fixtures/ports.ts'
import type { Scene } from './fixtures/scene.ts'
import type { Service } from './fixtures/service.ts'
import { test } from './fixtures/test.ts'

const NOTE_LOADED = fileURLToPath(new URL('./fixtures/noteLoaded.ts', import.meta.url))

describe.concurrent('a collector of traces', () => {
  test('R-OBS-02 that is not there holds up nothing, and is told of once; what waits arrives when it is', async ({
    scene,
  }) => {
    const port = await freePort()
    scene.recipe('app', { stages: { up: `${SITE} up` } })
    const service = await serveTo(scene, `http://127.0.0.1:${port}`)
    const runs = [await scene.testme(1), await scene.testme(2), await scene.testme(1)]
    for (const run of runs) expect((await run.completed()).conclusion).toBe('success')
    const counts = await counted(scene, 'a second attempt', ({ put_off: tries = 0 }) => tries > 1)
    expect(counts).toMatchObject({ sent: 0, dropped: 0, refused: 0 })
    await using collector = await startCollector(port)
    for (const run of runs) expect(await collector.traceOf(run.id)).not.toEqual([])
    await until('the word that it is back', () => told(service, 'traces.recovered').length === 1)
    expect(told(service, 'traces.failing')).toHaveLength(1)
    expect(told(service, 'traces.recovered')).toEqual([expect.objectContaining({ dropped: 0 })])
    const repeats = Map.groupBy(collector.spans(), ({ spanId }) => spanId)
    for (const [first, ...others] of repeats.values())
      for (const other of others) expect(other).toEqual(first)
  })

  test('R-OBS-02 R-RUN-09 that never answers holds up no run, and not the end of the service', async ({
    scene,
  }) => {
    await using collector = await startCollector()
    collector.mood = 'hang'
    scene.recipe('app', { stages: { up: `${SITE} up` } })
    const service = await serveTo(scene, collector.url)
    const first = await scene.testme(1)
    expect((await first.completed()).conclusion).toBe('success')
    await until('a request', () => collector.requests().length > 0)
    const second = await scene.testme(2)
    expect((await second.completed()).conclusion).toBe('success')
    await service.stop()
    expect(told(service, 'traces.lost')).toHaveLength(1)
    expect(collector.spans()).toEqual([])
  })

  test('R-OBS-02 that refuses is told of once, and what it has refused is not sent again', async ({
    scene,
  }) => {
    await using collector = await startCollector()
    collector.mood = 403
    scene.recipe('app', { stages: { up: `${SITE} up` } })
    const service = await serveTo(scene, collector.url)
    const run = await scene.testme(1)
    await run.completed()
    await counted(scene, 'both parts to be refused', ({ refused }) => refused === 2)
    expect(told(service, 'traces.refused')).toEqual([expect.objectContaining({ error: 'HTTP 403' })])
    collector.mood = 200
    const other = await scene.testme(2)
    await collector.traceOf(other.id)
    expect(collector.spans().filter(({ traceId }) => traceId !== collector.spans()[0]?.traceId)).toEqual([])
  })

  test('R-OBS-02 of none that is named nothing is loaded, and stages are told of no trace', async ({
    scene,
  }) => {
    scene.recipe('app', { stages: { says: `printf %s "\${TRACEPARENT-none}" >"$GATES/says"` } })
    const loaded = join(scene.world.root, 'loaded')
    const env = { ...scene.env, NODE_OPTIONS: `--import=${NOTE_LOADED}`, LOADED_MODULES: loaded }
    await scene.begin({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: '' }).ready()
    const run = await scene.testme(1)
    await run.completed()
    await scene.stop()
    const modules = readFileSync(loaded, 'utf8')
    expect(modules).toContain('/src/world/observing.ts')
    expect(modules).not.toMatch(/@opentelemetry\/(?!api\/)|\/src\/tracing\/otlp\.ts/)
    expect(readFileSync(join(scene.world.root, 'gates', 'says'), 'utf8')).toBe('none')
    await using collector = await startCollector()
    await scene.begin({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }).ready()
    expect(readFileSync(loaded, 'utf8')).toMatch(/@opentelemetry\/exporter-trace-otlp-http\//)
  })

  test('R-OBS-02 that cannot be reached as it is named keeps the service from starting, and it says what would be right', async ({
    scene,
  }) => {
    scene.recipe('app')
    const env = {
      ...scene.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    }
    const service = scene.begin(env)
    await service.started.endedWith(2)
    expect(service.started.output()).toMatch(/OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as/)
    expect(service.started.output()).toMatch(
      /OTEL_EXPORTER_OTLP_PROTOCOL is grpc, and berth sends traces over HTTP/,
    )
  })
})

function serveTo(scene: Scene, url: string): Promise<Service> {
  return scene
    .begin({ ...scene.env, OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: '2000' })
    .ready()
}

interface Told {
  readonly msg: string
  readonly dropped?: number
  readonly error?: string
}

function told(service: Service, event: string): readonly Told[] {
  return service.log().filter(({ msg }) => msg === event)
}

type Counts = Readonly<Record<string, number>>

/** Waits until what the service counts of its attempts is so. */
function counted({ env }: Scene, what: string, look: (counts: Counts) => boolean): Promise<Counts> {
  async function ask(): Promise<Counts> {
    const text = await (await fetch(`http://127.0.0.1:${env['PORT']}/metrics`)).text()
    const samples = text.matchAll(/^berth_traces_total\{outcome="(\w+)"\} (\d+)$/gm)
    const counts = Object.fromEntries([...samples].map(([, outcome = '', count]) => [outcome, Number(count)]))
    return look(counts) ? counts : ask()
  }
  return within(what, ask())
}
