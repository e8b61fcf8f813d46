import type { AbraExport } from './abraSh.ts'
import { type ComposeDocument, type ComposeText, lineOfPart, textsIn } from './composeDocument.ts'
import type { Dotenv } from './dotenv.ts'
import type { DeployEnvironment } from './environment.ts'
import type { Fault } from './fault.ts'
import { type Use, usesIn } from './interpolate.ts'

export const ABRA_SH = 'abra.sh'

/**
 * Variables that the selected files use and nobody sets; each is told once a file. One that `.env.sample` offers in a comment is meant to be empty
 * until somebody wants it (`${EXTRA_DOMAINS}`), a bare name in `environment` is only handed on if it is set, and a default stands in for a value.
 */
export function variableFaults(
  documents: readonly ComposeDocument[],
  environment: DeployEnvironment,
  sample: Dotenv,
): readonly Fault[] {
  const offered = new Set(sample.options.map(({ key }) => key))
  const needed = new Map<string, AbraExport>()
  const faults = documents.flatMap((document) => {
    const told = new Set<string>()
    return textsIn(document).flatMap((text) =>
      usesIn(text.text).flatMap((use) => {
        const computed = environment.computed.get(use.name)
        if (computed !== undefined) needed.set(use.name, computed)
        if (told.has(use.text) || computed !== undefined) return []
        told.add(use.text)
        const fault = useFault(use, environment, offered)
        return fault === null ? [] : [faultAt(document, text, use, fault)]
      }),
    )
  })
  return [...faults, ...[...needed.values()].map(computedFault)]
}

function faultAt(document: ComposeDocument, text: ComposeText, use: Use, fault: string): Fault {
  return { file: document.file, line: lineOfPart(document, text, use.text), key: text.key, text: fault }
}

function useFault(use: Use, { values }: DeployEnvironment, offered: ReadonlySet<string>): string | null {
  const { text, name, operator, operand } = use
  if (name === '') return 'a $ that begins no variable; write $$ for a dollar'
  const value = values.get(name)
  const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'))
  if (operator.endsWith('?') && !isSet)
    return `${name} has to be set: ${operand === '' ? 'no reason given' : operand}`
  if (/\$\{?[A-Za-z_]/.test(operand))
    return `${text}…: nothing is expanded inside a default; set the whole value in .env.sample`
  if (operator !== '' || isSet || offered.has(name)) return null
  return `${text} is set nowhere; set ${name} in .env.sample, or write \${${name}:-default}`
}

function computedFault({ key, line }: AbraExport): Fault {
  const text = 'only a shell could tell its value, and abra.sh is read, never run; write the value itself'
  return { file: ABRA_SH, line, key, text }
}
