/**
 * A name of an image as the engine lists it: without the registry that it takes by default, with a tag, and by its digest alone where it has one
 * (`docker.io/library/nginx` is `nginx:latest`).
 */
export function familiarName(image: string): string {
  const [given = '', digest] = image.split('@')
  const name = given.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '')
  const colon = name.lastIndexOf(':')
  const hasTag = colon > name.lastIndexOf('/')
  if (digest !== undefined) return `${hasTag ? name.slice(0, colon) : name}@${digest}`
  return hasTag ? name : `${name}:latest`
}
