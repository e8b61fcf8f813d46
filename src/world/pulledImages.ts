import type { Context } from '../cli/context.ts'
import type { Engine } from '../drivers/docker/engine.ts'
import { excessImages, pruneImages } from '../drivers/docker/images.ts'
import { type Finding, finding } from '../janitor/finding.ts'
import { formatSize } from '../model/duration.ts'
import { isOff } from '../model/mechanisms.ts'
import { forgetPull, pulledImages } from '../store/pulledImages.ts'

/**
 * Bounds what runs have pulled. The engine is asked only where they have pulled anything. What a run has asked for within a deadline's time stays:
 * it may be on its way to deploying it.
 */
export async function pruneImagesOf(
  { config, state }: Pick<Context, 'config' | 'state'>,
  opened: () => Promise<Engine>,
  dryRun: boolean,
): Promise<readonly Finding[]> {
  const pulled = pulledImages(state.images)
  if (pulled.length === 0 || isOff(config, 'retention')) return []
  const { imageBytes } = config.retention
  const why = `images that runs have pulled take more than ${formatSize(imageBytes)} together`
  const isOld = (image: string) => {
    const now = pulledImages(state.images).find((one) => one.image === image)
    return now !== undefined && Date.now() - now.lastUsedAt >= config.budgets.deadlineMs
  }
  const engine = await opened()
  if (dryRun) {
    const { excess } = await excessImages(engine, pulled, imageBytes)
    return excess
      .filter(({ image }) => isOld(image))
      .map(({ image }) => finding('image', image, 'would prune', why))
  }
  const { gone, removed } = await pruneImages(engine, pulled, imageBytes, isOld)
  // What is not there and was asked for just now may be on its way.
  for (const image of [...gone.filter(isOld), ...removed]) forgetPull(state.images, image)
  return removed.map((image) => finding('image', image, 'pruned', why))
}
