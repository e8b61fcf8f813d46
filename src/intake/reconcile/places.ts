import type { Enrolment } from '../../model/config.ts'
import { enrolmentOf } from '../../model/policy.ts'
import { type Fields, fieldsOf, listOf, numberOf, optional, textOf } from '../../model/read.ts'
import { GitHubFault } from '../gitHubFault.ts'
import type { Asking, Place, ReconcileWorld } from './ports.ts'

const PAGE_SIZE = 100
/** A thousand installations, or repositories of one: beyond that a look sees the first ones only. */
const MOST_PAGES = 10

/**
 * The enrolled repositories where the App is installed and not suspended. Exact names are asked for one by one, patterns through the App's
 * installations; what GitHub does not show to the App is no place. @throws GitHubFault
 */
export async function findPlaces(world: ReconcileWorld, asking: Asking): Promise<readonly Place[]> {
  const { repositories } = world.config()
  const patterns = repositories.map(({ pattern }) => pattern)
  const [ofOwners, exact] = [patterns.filter(isOfOwner), patterns.filter((one) => !isOfOwner(one))]
  const found: Place[] = []
  for (const name of exact) found.push(...(await unlessHidden(() => placeCalled(name, asking))))
  if (ofOwners.length > 0) found.push(...(await placesOf(ofOwners, asking)))
  return unique(found.filter(({ fullName }) => isEnrolled(fullName, repositories)))
}

function isOfOwner(pattern: string): boolean {
  return pattern.endsWith('/*')
}

async function placeCalled(fullName: string, asking: Asking): Promise<readonly Place[]> {
  const [owner, repo] = fullName.split('/')
  const { data } = await asking.asApp('GET /repos/{owner}/{repo}/installation', { owner, repo })
  const installationId = activeInstallation(fieldsOf(data, 'installation'))
  if (installationId === null) return []
  const told = await asking.ask({ installationId }, 'GET /repos/{owner}/{repo}', { owner, repo }, null)
  return told === null ? [] : [placeOf(told.data, installationId)]
}

async function placesOf(ofOwners: readonly string[], asking: Asking): Promise<readonly Place[]> {
  const owners = new Set(ofOwners.map((pattern) => pattern.slice(0, -'/*'.length).toLowerCase()))
  const installations = await eachPage(async (page) => {
    const { data } = await asking.asApp('GET /app/installations', page)
    return listOf({ data }, 'data', (one) => fieldsOf(one, 'installation'))
  })
  const places: Place[] = []
  for (const installation of installations) {
    const installationId = activeInstallation(installation)
    if (installationId === null || !owners.has(ownerOf(installation))) continue
    places.push(...(await unlessHidden(() => placesIn(installationId, asking))))
  }
  return places
}

function placesIn(installationId: number, asking: Asking): Promise<readonly Place[]> {
  return eachPage(async (page) => {
    const told = await asking.ask({ installationId }, 'GET /installation/repositories', page, null)
    return listOf(fieldsOf(told?.data, 'page'), 'repositories', (one) => placeOf(one, installationId))
  })
}

async function eachPage<T>(
  read: (page: { readonly per_page: number; readonly page: number }) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const all: T[] = []
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const some = await read({ per_page: PAGE_SIZE, page })
    all.push(...some)
    if (some.length < PAGE_SIZE) break
  }
  return all
}

/** Null = it is suspended: it may do nothing until that is undone. */
function activeInstallation(installation: Fields): number | null {
  return optional(installation, 'suspended_at', textOf) === null ? numberOf(installation, 'id') : null
}

function ownerOf(installation: Fields): string {
  const account = optional(installation, 'account', (all, key) => fieldsOf(all[key], key))
  return account === null ? '' : (optional(account, 'login', textOf) ?? '').toLowerCase()
}

/** A repository as GitHub describes it, in webhooks and answers alike. */
export function placeOf(data: unknown, installationId: number): Place {
  const repository = fieldsOf(data, 'repository')
  return {
    id: String(numberOf(repository, 'id')),
    fullName: textOf(repository, 'full_name'),
    owner: textOf(fieldsOf(repository['owner'], 'repository.owner'), 'login'),
    name: textOf(repository, 'name'),
    cloneUrl: textOf(repository, 'clone_url'),
    installationId,
  }
}

/** Not installed there, or taken off again: no place. What may go better later is a fault, so that no place is lost by it. */
async function unlessHidden(find: () => Promise<readonly Place[]>): Promise<readonly Place[]> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof GitHubFault && !error.retryable) return []
    throw error
  }
}

function isEnrolled(fullName: string, enrolments: readonly Enrolment[]): boolean {
  return enrolmentOf(enrolments, fullName) !== null
}

function unique(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [place.id, place])).values()]
}
