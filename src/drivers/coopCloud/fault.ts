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

/** `file:line: key: text`, as the faults of configuration and recipes are told. */
export function faultLine({ file, line, key, text }: Fault): string {
  return `${file}:${line}: ${key === '' ? '' : `${key}: `}${text}`
}
