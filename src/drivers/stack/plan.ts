import { HarnessError } from '../../errors.ts'
import { isOrder } from '../../model/clientOrders.ts'
import { stackName } from '../../model/names.ts'
import type { StackRequest } from '../../model/stack.ts'
import { BERTH_LABELS, STACK_LABEL } from '../../model/stackObjects.ts'
import { LEAST_BYTES, maskableBytes } from '../../secrets/forms.ts'
import { openCheckout } from '../coopCloud/checkout.ts'
import type { ConfigContent } from '../coopCloud/configContents.ts'
import { faultLine } from '../coopCloud/fault.ts'
import { givenName, ungivenFault } from '../coopCloud/givenSecrets.ts'
import { readCoopCloudRecipe } from '../coopCloud/recipe.ts'
import { newSecret } from '../coopCloud/secretRule.ts'
import type { UsedSecret } from '../coopCloud/secrets.ts'
import type { Engine } from '../docker/engine.ts'
import type { StackStage } from './stage.ts'

/** What is to be deployed, as the recipe or the repository itself says it. */
export interface DeployPlan {
  /** In the checkout, in order. */
  readonly files: readonly string[]
  /** For the variables of the files. */
  readonly values: Readonly<Record<string, string>>
  /** To be made before. */
  readonly secrets: readonly UsedSecret[]
  /** How long it may take to stand, by the repository's own word; null = it does not say. */
  readonly timeoutMs: number | null
  /** What its deploy stores under names of its own choice. */
  readonly configs: readonly ConfigContent[]
}

/**
 * @param checkout of the version that is deployed
 * @returns or what keeps it from being deployed, a line each
 */
export function planOf(
  { request, say }: Pick<StackStage, 'request' | 'say'>,
  stack: StackRequest,
  checkout: string,
): DeployPlan | { readonly faults: readonly string[] } {
  const itself = { STACK_NAME: stackName(request.domain), DOMAIN: request.domain }
  if (!stack.coopCloud)
    return {
      files: stack.files,
      values: { ...stack.env, ...itself },
      secrets: [],
      timeoutMs: null,
      configs: [],
    }
  const wish = { domain: request.domain, stackName: itself.STACK_NAME, env: stack.env }
  const { faults, remarks, files, environment, secrets, timeoutMs, configs } = readCoopCloudRecipe(
    openCheckout(checkout),
    wish,
  )
  for (const remark of remarks) say(`remark: ${faultLine(remark)}`)
  const lines = [
    ...faults.map(faultLine),
    ...secrets.flatMap((secret) => ungivenFault(secret, request.secrets) ?? []).map(faultLine),
    ...[...environment.keys()].flatMap(order),
  ]
  return lines.length > 0
    ? { faults: lines }
    : { files, values: Object.fromEntries(environment), secrets, timeoutMs, configs }
}

/** The client would get it in its environment, where its values for compose files have to be. */
function order(name: string): readonly string[] {
  return isOrder(name)
    ? [
        `${name}: is an order to the programs that read the compose files, and no value for them; give the variable another name`,
      ]
    : []
}

/**
 * Fresh values for this run alone, or the operator's, hidden before the engine has them; what an earlier deploy of the run has made stays.
 * @throws EngineError; HarnessError SECRETS
 */
export async function makeSecrets(
  stage: StackStage,
  engine: Engine,
  secrets: readonly UsedSecret[],
): Promise<void> {
  const { request } = stage
  for (const secret of secrets) {
    const { name } = secret
    const Labels = { ...labelsOf(request), [STACK_LABEL]: stackName(request.domain) }
    await engine.call(`create secret ${name}`, async (docker, abortSignal) => {
      const filters = { name: [name] }
      const there = await docker.listSecrets({ filters, abortSignal })
      const isOurs = there.some(
        ({ Spec }) => Spec?.Name === name && Spec.Labels?.[BERTH_LABELS.run] === request.run,
      )
      if (isOurs) return
      const value = secret.rule.generate ? generated(stage, secret) : given(stage, secret)
      const Data = value.toString('base64')
      await docker.createSecret({ Name: name, Labels, Data, abortSignal })
    })
  }
}

function generated({ secrets: known, say }: StackStage, { name, rule }: UsedSecret): Buffer {
  const value = newSecret(rule)
  if (maskableBytes(Buffer.from(value)) < LEAST_BYTES)
    say(`remark: secret ${name} is too short to be hidden in logs (at least ${LEAST_BYTES} characters)`)
  known.hide(value)
  return Buffer.from(value)
}

/** It has been hidden since the run has read the operator's folder. */
function given({ secrets: known }: StackStage, secret: UsedSecret): Buffer {
  const value = known.given(givenName(secret))
  if (value !== null) return value
  throw new HarnessError(
    'SECRETS',
    `Secret ${givenName(secret)} is not to be had any more for ${secret.name}`,
  )
}

/** On every object of the run. */
export function labelsOf({
  run,
  domain,
  recipe,
  instance,
}: StackStage['request']): Readonly<Record<string, string>> {
  return {
    [BERTH_LABELS.run]: run,
    [BERTH_LABELS.domain]: domain,
    [BERTH_LABELS.recipe]: recipe,
    [BERTH_LABELS.instance]: instance,
  }
}
