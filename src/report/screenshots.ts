import type { Journal } from '../model/journal.ts'

/** Links to the pictures that the run's stages have taken, in Markdown; nothing where there is none, or no page to find them at. */
export function screenshotsText({ stages }: Pick<Journal, 'stages'>, detailsUrl: string | null): string {
  const taken = stages.filter(({ aim }) => aim === 'screenshot').map(({ name }) => name)
  if (detailsUrl === null || taken.length === 0) return ''
  const links = taken.map((name) => `[${name}](${detailsUrl}/screenshots/${encodeURIComponent(name)}.png)`)
  return `${links.length === 1 ? 'Screenshot' : 'Screenshots'}: ${links.join(', ')}.`
}
