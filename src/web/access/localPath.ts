/** Where to go after signing in, and never to another site: `//` and `/\` begin addresses of others. */
export function localPath(text: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(text) ? text : '/'
}
