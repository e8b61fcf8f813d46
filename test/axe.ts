import axe from 'axe-core'
import type { Page } from 'playwright-core'

const GRAVE: ReadonlySet<unknown> = new Set(['serious', 'critical'])

/** A change of the colour scheme fades from the colours of the other one: they are nobody's to read. What turns for ever is not waited for. */
const COLOURS_AT_REST = `Promise.allSettled(
  document.getAnimations()
    .filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime))
    .map(({ finished }) => finished),
).then(() => undefined)`

/**
 * What axe-core finds that keeps people from reading or using the page as it is shown now, each with its place. Afterwards the console also
 * has what the page's policy has kept axe-core itself from.
 */
export async function graveFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(COLOURS_AT_REST)
  // By the debugger's protocol, which the page's content security policy does not bind.
  await page.evaluate(`typeof axe === 'object' || ${axe.source}`)
  const { violations } = (await page.evaluate(
    `axe.run({ resultTypes: ['violations'], preload: false })`,
  )) as axe.AxeResults
  return violations
    .filter(({ impact }) => GRAVE.has(impact))
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`),
    )
}
