import { mkdirSync, readFileSync } from 'node:fs'
import { fieldsOf, optional, textOf } from '../../model/read.ts'
import { type CheckoutWish, checkOutInto } from '../../process/checkout.ts'
import { git } from '../../process/git.ts'
import { fetchIntoMirror, type MirrorWish, mirrorUser } from '../../process/mirror.ts'
import { writeSynced } from '../../store/durable.ts'
import type { RunPaths } from '../../store/runFolder.ts'
import { lastRelease, type Tag } from '../coopCloud/releases.ts'

/**
 * Puts the last release before the run's commit into `released/`, beside its checkout, and notes which one that is. Tags are asked for anew: a mirror
 * that has the commit already may be older than the release.
 * @throws HarnessError GIT, WRONG_COMMIT
 */
export async function checkOutRelease(wish: CheckoutWish): Promise<void> {
  const { request, run, mirrors, cloneToken, signal } = wish
  const mirrorWish = { mirrors, request, options: { run: run.id, token: cloneToken, signal } }
  const mirror = await fetchIntoMirror(mirrorWish)
  const release = lastRelease(await tagsBefore(mirror, mirrorWish), request.sha)
  if (release !== null) {
    mkdirSync(run.released, { mode: 0o700 })
    await checkOutInto({ ...wish, request: { ...request, sha: release.commit } }, run.released)
  }
  writeSynced(run.release, `${JSON.stringify({ release })}\n`)
}

/** The release that was checked out for the run; null = there is none yet. */
export function releaseOf(run: RunPaths): Tag | null {
  const noted = fieldsOf(JSON.parse(readFileSync(run.release, 'utf8')), 'release.json')
  return optional(noted, 'release', (fields, key) => {
    const tag = fieldsOf(fields[key], key)
    return { name: textOf(tag, 'name'), commit: textOf(tag, 'commit') }
  })
}

const FORMAT = '%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname:strip=2)'
/** A tag with a message is an object of its own. */
const LINE = /^(?:commit (\w+) {2}|tag \w+ commit (\w+)) (.+)$/

/** Tags that stand on the commit or before it. They come from the repository itself: a fork's author can set none. */
async function tagsBefore(mirror: string, wish: MirrorWish): Promise<readonly Tag[]> {
  const words = [
    '-C',
    mirror,
    'for-each-ref',
    `--merged=${wish.request.sha}`,
    `--format=${FORMAT}`,
    'refs/tags',
  ]
  const output = await git(mirrorUser(wish), words, wish.options)
  return output.split('\n').flatMap((line) => {
    const [, plain, annotated, name] = LINE.exec(line) ?? []
    const commit = plain ?? annotated
    return name === undefined || commit === undefined ? [] : [{ name, commit }]
  })
}
