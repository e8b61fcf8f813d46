import { oneLine } from '../../model/cutText.ts'

/** What is wrong in a file that a person wrote. */
export interface Fault {
  /** Below the checkout. */
  readonly file: string
  /** From 1; 1 where the whole file is meant. */
  readonly line: number
  /** The variable, or the path in the YAML such as `services.app.image`; empty where the line itself is meant. */
  readonly key: string
  /** What is wrong, and what would be right. */
  readonly text: string
}

const MOST_TOLD = 100
const MOST_CHARACTERS = 500

/** As many as a person reads, each on one line and of a bounded length, whatever the file holds. */
export function told(faults: readonly Fault[]): readonly Fault[] {
  return faults.slice(0, MOST_TOLD).map(({ file, line, key, text }) => ({
    file: oneLine(file, MOST_CHARACTERS),
    line,
    key: oneLine(key, MOST_CHARACTERS),
    text: oneLine(text, MOST_CHARACTERS),
  }))
}

/** `file:line: key: text`, as the faults of configuration and recipes are told. */
export function faultLine({ file, line, key, text }: Fault): string {
  return `${file}:${line}: ${key === '' ? '' : `${key}: `}${text}`
}
