import { EXIT, messageOf } from '../errors.ts'
import { formatDuration } from '../model/duration.ts'
import type { Name } from '../model/names.ts'
import { type Finding, finding, guarded } from './finding.ts'
import { cleanEngine } from './leftovers.ts'
import type { JanitorWorld, Leak } from './ports.ts'
import { type Retained, retain } from './retention.ts'

export interface Swept {
  readonly findings: readonly Finding[]
  readonly leaks: readonly Leak[]
  readonly retained: Pick<Retained, 'runFolders' | 'bytes'>
  /** Design section 6: nothing was left, cleaned, something is left. */
  readonly exitCode: number
}

/**
 * One pass. A thing that goes wrong stops neither the others nor the pass; a second pass over a clean state does nothing. What somebody waits
 * for comes first, what only takes room comes last.
 */
export async function sweep(world: JanitorWorld, dryRun: boolean): Promise<Swept> {
  const ended = guarded('run', '', () => endOverdue(world, dryRun))
  const cleaned = await cleanNames(world, dryRun).catch((error: unknown) => [
    finding('name', '', 'left', messageOf(error)),
  ])
  // After the names: what a run's own recovery has taken down is not there any more. Before their lock files: it leaves some.
  const stacks = await cleanEngine(world.engine, dryRun).catch((error: unknown) => [
    finding('engine', '', 'left', messageOf(error)),
  ])
  const secrets = guarded('secrets', '', () => world.sweepSecrets(dryRun))
  const tickets = dryRun ? [] : guarded('tickets', '', () => sweepTickets(world))
  const removed = guarded('lock file', '', () => removeAllIdle(world, dryRun))
  let leaks: readonly Leak[] = []
  const leaked = guarded('name', '', () => {
    leaks = world.suspectedLeaks(touchable(world))
    return leaks.flatMap((leak) => [leakFound(leak), ...standstills(world, leak, dryRun)])
  })
  const { findings: pruned, ...retained } = await retain(world.retention, dryRun)
  // One that did not answer just now is not asked again.
  const images = stacks.some(({ what }) => what === 'engine')
    ? []
    : await world.engine
        .pruneImages(dryRun)
        .catch((error: unknown) => [finding('image', '', 'left', messageOf(error))])
  const findings = [
    ...ended,
    ...cleaned,
    ...stacks,
    ...secrets,
    ...tickets,
    ...removed,
    ...leaked,
    ...pruned,
    ...images,
  ]
  return { findings, leaks, retained, exitCode: exitCodeOf(findings) }
}

function endOverdue(world: JanitorWorld, dryRun: boolean): readonly Finding[] {
  return world
    .enforceCeilings(dryRun)
    .map(({ run, why, left }) => finding('run', run, left ? 'left' : dryRun ? 'would end' : 'ended', why))
}

async function cleanNames(world: JanitorWorld, dryRun: boolean): Promise<readonly Finding[]> {
  const dirty = world.dirtyNames()
  const findings = [...adopted(world, dryRun || !dirty.some(({ name }) => world.mayTouch(name)))]
  for (const { name, run, why } of dirty) {
    if (!world.mayTouch(name))
      findings.push(finding('name', name, 'untouched', `no run domain of this configuration (run ${run})`))
    else if (dryRun) findings.push(wouldClean(world, name, run, why))
    else findings.push(await cleanName(world, name, run, why))
  }
  return findings
}

function adopted(world: JanitorWorld, none: boolean): readonly Finding[] {
  return guarded('name', '', () => {
    if (!none) world.adoptForgotten()
    return []
  })
}

function wouldClean(world: JanitorWorld, name: Name, run: string, why: string): Finding {
  if (world.looksHeld(name)) return finding('name', name, 'untouched', `held: run ${run} is live`)
  return finding('name', name, 'would clean', `run ${run}: ${why}`)
}

async function cleanName(world: JanitorWorld, name: Name, run: string, why: string): Promise<Finding> {
  try {
    const cleaned = await world.clean(name)
    if (cleaned.kind === 'busy')
      return finding('name', name, 'untouched', `held: run ${cleaned.by ?? run} is live`)
    if (cleaned.kind === 'dirty') return finding('name', name, 'left', `run ${cleaned.run}: ${cleaned.why}`)
    return finding('name', name, 'cleaned', `run ${run}: ${why}`)
  } catch (error) {
    return finding('name', name, 'left', messageOf(error))
  }
}

function sweepTickets(world: JanitorWorld): readonly Finding[] {
  world.sweepTickets()
  return []
}

function removeAllIdle(world: JanitorWorld, dryRun: boolean): readonly Finding[] {
  return touchable(world).flatMap((name) => guarded('lock file', name, () => removeIdle(world, name, dryRun)))
}

function touchable(world: JanitorWorld): readonly Name[] {
  return world.lockedNames().filter((name) => world.mayTouch(name))
}

function removeIdle(world: JanitorWorld, name: Name, dryRun: boolean): readonly Finding[] {
  if (dryRun)
    return world.looksIdle(name)
      ? [finding('lock file', name, 'would remove', 'nobody has it, waits for it, or left anything')]
      : []
  return world.removeIdle(name)
    ? [finding('lock file', name, 'removed', 'nobody had it, waited for it, or left anything')]
    : []
}

/** Never taken away, whatever its age: whoever has it may be at work. */
function leakFound({ name, run, overMs, why, holders }: Leak): Finding {
  const who = holders.map(({ pid, command }) => `process ${pid} (${command})`).join(', ')
  const whose = run === null ? '' : `, marked with run ${run}`
  return finding(
    'name',
    name,
    'suspected leak',
    `held by ${who}${whose}, ${formatDuration(overMs)} over: ${why}`,
  )
}

/** A stopped process of ours does what it was about to do: that takes nothing away either. */
function standstills(world: JanitorWorld, leak: Leak, dryRun: boolean): readonly Finding[] {
  return guarded('name', leak.name, () =>
    world
      .letGoOn(leak, dryRun)
      .map((pid) =>
        finding(
          'name',
          leak.name,
          dryRun ? 'would let go on' : 'let go on',
          `process ${pid}, which has it, had been stopped`,
        ),
      ),
  )
}

function exitCodeOf(findings: readonly Finding[]): number {
  if (findings.some(({ action }) => action === 'left' || action === 'suspected leak')) return EXIT.red
  const acted = findings.some(
    ({ what, action }) =>
      what !== 'lock file' && ['cleaned', 'ended', 'would clean', 'would end'].includes(action),
  )
  return acted ? EXIT.cleaned : EXIT.ok
}
