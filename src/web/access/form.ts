/** A field of a form as text; what is missing, or a file, is empty. */
export function textIn(form: Readonly<Record<string, unknown>>, key: string): string {
  const value = form[key]
  return typeof value === 'string' ? value : ''
}
