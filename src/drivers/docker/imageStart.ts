import { fieldsOf, numberOf, optional } from '../../model/read.ts'
import type { Engine } from './engine.ts'
import { EngineError } from './engineError.ts'

/** An image's own start period in ms, 0 where it declares none. One that is not there, or an engine that does not answer, declares none. */
export type StartPeriods = (image: string) => Promise<number>

/** Asks the engine once for each image: a service whose file says nothing of a start period has that of its image. */
export function openStartPeriods(engine: Engine): StartPeriods {
  const asked = new Map<string, Promise<number>>()
  return (image) => {
    const answer = asked.get(image) ?? startPeriodOf(engine, image)
    asked.set(image, answer)
    return answer
  }
}

async function startPeriodOf(engine: Engine, image: string): Promise<number> {
  try {
    const raw: unknown = await engine.call(`look at image ${image}`, (docker) =>
      docker.getImage(image).inspect(),
    )
    const config =
      optional(fieldsOf(raw, 'image'), 'Config', (fields, key) => fieldsOf(fields[key], key)) ?? {}
    const health = optional(config, 'Healthcheck', (fields, key) => fieldsOf(fields[key], key)) ?? {}
    return (optional(health, 'StartPeriod', numberOf) ?? 0) / 1_000_000
  } catch (error) {
    if (error instanceof EngineError) return 0
    throw error
  }
}
