import { rmSync } from 'node:fs'
import { killIfAlive } from '../fixtures/kernel.ts'
import { makeWorld, type World } from '../fixtures/world.ts'
import { type Scene, startScene } from '../service/fixtures/scene.ts'

/** What came of a scene. */
export interface Shown<T> {
  /** Null = it broke off. */
  readonly value: T | null
  readonly faults: readonly string[]
  /** For the reader of a failed one. */
  readonly told: string
}

/**
 * Plays in a world of its own, with a GitHub of its own. What a failed scene has left is ended by pid, and its folder stays.
 * @param repository what the world's own becomes a copy of; by default one is made
 */
export async function inOwnScene<T>(
  act: (scene: Scene) => Promise<{ readonly value: T; readonly faults: readonly string[] }>,
  repository?: string,
): Promise<Shown<T>> {
  const world = makeWorld(repository)
  const shown = await show(world, act).catch((error: unknown) => broken(error, dumpOf(world, null)))
  world.close()
  for (const pid of world.judge().pids) if (pid !== process.pid) killIfAlive(pid)
  if (shown.faults.length === 0) rmSync(world.root, { recursive: true, force: true })
  return shown
}

async function show<T>(world: World, act: Parameters<typeof inOwnScene<T>>[0]): Promise<Shown<T>> {
  await using scene = await startScene(world)
  try {
    const { value, faults } = await act(scene)
    return { value, faults, told: faults.length === 0 ? '' : dumpOf(world, scene) }
  } catch (error) {
    return broken(error, dumpOf(world, scene))
  }
}

function broken(error: unknown, told: string): Shown<never> {
  return { value: null, faults: [error instanceof Error ? error.message : String(error)], told }
}

function dumpOf(world: World, scene: Scene | null): string {
  return [`its folder is kept: ${world.root}`, scene?.dump() ?? '', world.dump()].join('\n')
}
