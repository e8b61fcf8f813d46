import { EXIT, messageOf } from '../errors.ts'
import type { Name } from '../model/names.ts'
import type { JanitorWorld } from './ports.ts'

/** What a sweep did, or would do, to one thing, and why. */
export interface Finding {
  readonly what: 'name' | 'lock file' | 'run' | 'tickets'
  readonly name: string
  readonly action:
    | 'cleaned'
    | 'removed'
    | 'ended'
    | 'left'
    | 'untouched'
    | 'would clean'
    | 'would remove'
    | 'would end'
  readonly why: string
}

export interface Swept {
  readonly findings: readonly Finding[]
  /** Design section 6: nothing was left, cleaned, something is left. */
  readonly exitCode: number
}

/** One pass. A thing that goes wrong stops neither the others nor the pass; a second pass over a clean state does nothing. */
export async function sweep(world: JanitorWorld, dryRun: boolean): Promise<Swept> {
  const ended = guarded('run', '', () =>
    world
      .enforceCeilings(dryRun)
      .map(({ run, why, left }) => finding('run', run, left ? 'left' : dryRun ? 'would end' : 'ended', why)),
  )
  const cleaned = await cleanNames(world, dryRun).catch((error: unknown) => [
    finding('name', '', 'left', messageOf(error)),
  ])
  const tickets = dryRun ? [] : guarded('tickets', '', () => sweepTickets(world))
  const removed = guarded('lock file', '', () => removeAllIdle(world, dryRun))
  const findings = [...ended, ...cleaned, ...tickets, ...removed]
  return { findings, exitCode: exitCodeOf(findings) }
}

async function cleanNames(world: JanitorWorld, dryRun: boolean): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const { name, run, why } of world.dirtyNames()) {
    if (!world.mayTouch(name))
      findings.push(finding('name', name, 'untouched', `no run domain of this configuration (run ${run})`))
    else if (dryRun) findings.push(wouldClean(world, name, run, why))
    else findings.push(await cleanName(world, name, run, why))
  }
  return findings
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
  const names = world.lockedNames().filter((name) => world.mayTouch(name))
  return names.flatMap((name) => guarded('lock file', name, () => removeIdle(world, name, dryRun)))
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

function guarded(what: Finding['what'], name: string, act: () => readonly Finding[]): readonly Finding[] {
  try {
    return act()
  } catch (error) {
    return [finding(what, name, 'left', messageOf(error))]
  }
}

function exitCodeOf(findings: readonly Finding[]): number {
  if (findings.some(({ action }) => action === 'left')) return EXIT.red
  const acted = findings.some(
    ({ what, action }) =>
      what !== 'lock file' && ['cleaned', 'ended', 'would clean', 'would end'].includes(action),
  )
  return acted ? EXIT.cleaned : EXIT.ok
}

function finding(what: Finding['what'], name: string, action: Finding['action'], why: string): Finding {
  return { what, name, action, why }
}
