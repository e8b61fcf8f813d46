import type { Mutant } from '../../test-concurrency/mutants/mutant.ts'

export const PAGE = 'docs/mutants.md'

const BEGIN = '<!-- table -->'
const END = '<!-- end of table -->'

/** The page with its table as the mutants are now. */
export function pageWith(page: string, groups: Readonly<Record<string, readonly Mutant[]>>): string {
  const tables = Object.entries(groups).map(([title, mutants]) => tableOf(title, mutants))
  const [before = '', after = ''] = [page.split(BEGIN)[0], page.split(END)[1]]
  return `${before}${BEGIN}\n\n${tables.join('\n\n')}\n\n${END}${after}`
}

function tableOf(title: string, mutants: readonly Mutant[]): string {
  const lines = mutants.map(({ rule, law, edits, test }) => {
    const files = [...new Set(edits.map(({ file }) => file))]
      .map((file) => `[${file}](../${file})`)
      .join(', ')
    const how = edits.length > 1 ? `${law} *(${edits.length} lines)*` : law
    return `| \`${rule}\` | ${how} | ${files} | ${test.file}: ${test.name.replaceAll('|', '\\|')} |`
  })
  return [
    `## ${title}`,
    '',
    '| mutant | the rule, and what is done to it | in | killed by |',
    '|---|---|---|---|',
    ...lines,
  ].join('\n')
}
