import type { AbraExport } from './abraSh.ts'
import { type ComposeDocument, type ComposeText, lineOfPart, textsIn } from './composeDocument.ts'
import type { Dotenv } from './dotenv.ts'
import type { DeployEnvironment } from './environment.ts'
import type { Fault } from './fault.ts'
import { type Use, usesIn } from './interpolate.ts'

export const ABRA_SH = 'abra.sh'

/** To find the place of each costs as much as its file is long. */
const MOST_TOLD = 100

export interface VariableFaults {
  /** The deploy refuses these, or nobody can tell what it would do. */
  readonly faults: readonly Fault[]
  /** These are deployed as empty texts, without a word from the engine or abra. */
  readonly remarks: readonly Fault[]
}

/**
 * Variables that the selected files use and nobody sets; each is told once a file. One that `.env.sample` offers in a comment is meant to be empty
 * until somebody wants it (`${EXTRA_DOMAINS}`), a bare name in `environment` is only handed on if it is set, and a default stands in for a value.
 */
export function variableFaults(
  documents: readonly ComposeDocument[],
  environment: DeployEnvironment,
  sample: Dotenv,
): VariableFaults {
  const offered = new Set(sample.options.map(({ key }) => key))
  const needed = new Map<string, AbraExport>()
  const found = documents.flatMap((document) =>
    [...usesOf(document)]
      .flatMap(({ text, use }) => {
        const computed = environment.computed.get(use.name)
        if (computed !== undefined) needed.set(use.name, computed)
        const told = computed === undefined ? useFault(use, environment, offered) : null
        return told === null ? [] : [{ ...told, at: text, use }]
      })
      .slice(0, MOST_TOLD)
      .map(({ isDeployed, text, at, use }) => ({ isDeployed, fault: faultAt(document, at, use, text) })),
  )
  return {
    faults: [
      ...found.filter(({ isDeployed }) => !isDeployed).map(({ fault }) => fault),
      ...[...needed.values()].map(computedFault),
    ],
    remarks: found.filter(({ isDeployed }) => isDeployed).map(({ fault }) => fault),
  }
}

/** Each way in which a file uses a variable, once. */
function* usesOf(document: ComposeDocument): Generator<{ readonly text: ComposeText; readonly use: Use }> {
  const seen = new Set<string>()
  for (const text of textsIn(document))
    for (const use of usesIn(text.text)) {
      if (seen.has(use.text)) continue
      seen.add(use.text)
      yield { text, use }
    }
}

function faultAt(document: ComposeDocument, text: ComposeText, use: Use, fault: string): Fault {
  return { file: document.file, line: lineOfPart(document, text, use.text), key: text.key, text: fault }
}

interface Told {
  readonly text: string
  readonly isDeployed: boolean
}

function useFault(use: Use, { values }: DeployEnvironment, offered: ReadonlySet<string>): Told | null {
  const { text, name, operator, operand } = use
  if (name === '') return { text: 'a $ that begins no variable; write $$ for a dollar', isDeployed: false }
  const value = values.get(name)
  const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'))
  if (operator.endsWith('?') && !isSet)
    return {
      text: `${name} has to be set: ${operand === '' ? 'no reason given' : operand}`,
      isDeployed: false,
    }
  if (/\$\{?[A-Za-z_]/.test(operand))
    return { text: `${text}…: nothing is expanded inside a default; set it in .env.sample`, isDeployed: true }
  if (operator !== '' || isSet || offered.has(name)) return null
  const way = `set ${name} in .env.sample, or write \${${name}:-default}`
  return { text: `${text} is set nowhere; ${way}`, isDeployed: true }
}

function computedFault({ key, line }: AbraExport): Fault {
  const text = 'only a shell could tell its value, and abra.sh is read, never run; write the value itself'
  return { file: ABRA_SH, line, key, text }
}
