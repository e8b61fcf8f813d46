import type { Fault } from './fault.ts'

/** The fields of abra's template for new recipes (abra, cli/recipe/new.go). Docker's own, such as `{{.Node.Hostname}}`, have a second part. */
const FIELDS = [
  'Name',
  'Description',
  'Website',
  'Status',
  'Image',
  'Category',
  'Healthcheck',
  'Backups',
  'Email',
  'Tests',
  'SSO',
]
const FIELD = new RegExp(`\\{\\{-?\\s*\\.(?:${FIELDS.join('|')})\\s*-?\\}\\}`)
/** YAML reads two braces without quotes as a map in a map: nobody means that. */
const BARE = /^[^#'"]*?[:-]\s+(\{\{.*?\}\})/
/** `docker ps --format '{{.Name}}'` has fields of its own. */
const OTHER_TEMPLATE = /--(?:format|template|filter)\b/

/** A longer line is no template's. */
const MOST_LOOKED_AT = 1000

/** The lines of a `.env.sample` or compose file that still hold the template which the recipe was made from. */
export function templateFaults(file: string, text: string): readonly Fault[] {
  return text.split('\n').flatMap((whole, index) => {
    const line = whole.slice(0, MOST_LOOKED_AT)
    if (/^\s*#/.test(line) || OTHER_TEMPLATE.test(line)) return []
    const found = FIELD.exec(line)?.[0] ?? BARE.exec(line)?.[1]
    if (found === undefined) return []
    return [
      {
        file,
        line: index + 1,
        key: '',
        text: `${found} is a template that nobody has filled in; write the value`,
      },
    ]
  })
}
