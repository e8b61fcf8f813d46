import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GATE, type World } from '../fixtures/world.ts'

/** Places at which a run stands until they are opened; whoever comes later passes. */
const DOORS = ['boot', 'checkout', 'inside', 'down'] as const
export type Door = (typeof DOORS)[number]

export interface Doors {
  readonly open: (door: Door) => void
  /** With it a run finds the programs that stand before the run process and before its checkout. */
  readonly path: string
}

/** More than ever come to one door. */
const PASSES = 500

export function makeDoors(world: World): Doors {
  const bin = join(world.root, 'bin')
  mkdirSync(bin)
  writeProgram(bin, 'setpriv', `case "$*" in *run/main.ts*) ${atDoor(world, 'boot')} ;; esac`)
  writeProgram(bin, 'git', atDoor(world, 'checkout'))
  const gates = new Map(DOORS.map((door) => [door, world.gate(door)]))
  const opened = new Set<Door>()
  return {
    path: `${bin}:${world.env['PATH']}`,
    open(door) {
      if (opened.has(door)) return
      opened.add(door)
      for (let pass = 0; pass < PASSES; pass += 1) gates.get(door)?.go()
    },
  }
}

/** For a command line of a recipe. */
export function door(name: Door): string {
  return `${GATE} ${name}`
}

/** Found before the real one, which it becomes. */
function writeProgram(bin: string, name: string, first: string): void {
  const file = join(bin, name)
  writeFileSync(file, `#!/bin/sh\n${first}\nexec "$(PATH=\${PATH#*:}; command -v ${name})" "$@"\n`)
  chmodSync(file, 0o755)
}

function atDoor({ gates }: World, name: Door): string {
  return `read -r _ <'${gates}/${name}.go'`
}
