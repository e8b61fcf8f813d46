import { type Level, RUNGS } from '../model/level.ts'

/** A run's level in Markdown: the number, and what stands behind it; nothing where there is none. */
export function levelText(level: Level | null): string {
  if (level === null) return ''
  const { height, rungs } = level
  const of = (state: Level['rungs'][keyof Level['rungs']]) => RUNGS.filter((rung) => rungs[rung] === state)
  const parts = [
    ...of('shown'),
    ...of('failed').map((rung) => `**not** ${rung}`),
    ...of('untried').map((rung) => `${rung}: not tried`),
  ]
  return `Level **${height} of ${RUNGS.length}**: ${parts.join(', ')}.`
}
