import type { Delivery } from '../../model/ports.ts'
import type { Fields } from '../../model/read.ts'
import type { Place } from './ports.ts'

/** No delivery of GitHub's has a slash in its id (the door refuses it): nobody can send one that takes the place of these. */
const OURS = 'reconcile/'

/** Was this delivery found by a look, and not sent by GitHub. */
export function isFoundByLook({ id }: Pick<Delivery, 'id'>): boolean {
  return id.startsWith(OURS)
}

/**
 * The delivery that GitHub would have made, with as much of its payload as the intake reads. Its id names what happened, so that finding it
 * again changes nothing.
 */
export function missedDelivery(
  event: string,
  happened: string,
  payload: Fields,
  place: Place,
  receivedAtMs: number,
): Delivery {
  const { id, fullName, owner, name, cloneUrl, installationId } = place
  const repository = {
    id: Number(id),
    full_name: fullName,
    owner: { login: owner },
    name,
    clone_url: cloneUrl,
  }
  const whole = { ...payload, repository, installation: { id: installationId } }
  return { id: `${OURS}${happened}`, event, payload: JSON.stringify(whole), receivedAtMs }
}
