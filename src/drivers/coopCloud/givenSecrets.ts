import type { SecretGrant } from '../../model/secrets.ts'
import type { Fault } from './fault.ts'
import type { UsedSecret } from './secrets.ts'

/** What a recipe, and a file in the operator's folder, call it: names of compose files may have hyphens and dots. */
export function givenName({ key }: Pick<UsedSecret, 'key'>): string {
  return key.replaceAll(/[^A-Za-z0-9_]/g, '_')
}

/**
 * Why a secret that only a person can make (`generate=false`) gets no value, or null. A repository may ask for any: whether it gets one is for the
 * trusted recipe to say, as with the secrets of stages.
 */
export function ungivenFault(
  secret: UsedSecret,
  { names, withheld }: Pick<SecretGrant, 'names' | 'withheld'>,
): Fault | null {
  const name = givenName(secret)
  if (secret.rule.generate || names.includes(name)) return null
  const { file, line } = secret
  const key = `secrets.${secret.key}`
  const wayOut = withheld.includes(name)
    ? `code of a fork gets it only where the recipe says: secrets: { ${name}: { forks: true } }`
    : `the recipe does not give it; write there: secrets: { ${name}: {} }, and put the value into the operator's folder of secrets as ${name}`
  return { file, line, key, text: `has generate=false, and ${wayOut}` }
}
