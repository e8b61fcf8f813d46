import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release } from 'node:os'

/** What the figures were taken on: they compare within one run of the benchmark, on one machine, and nowhere else. */
export interface Machine {
  readonly node: string
  readonly cores: number
  readonly processor: string
  readonly kernel: string
  /** Type of the filesystem that the state folders are on. */
  readonly filesystem: string
  /** Of the last minute, before the first round. */
  readonly load: number
}

export function describeMachine(folder: string): Machine {
  const processors = cpus()
  return {
    node: process.version,
    cores: processors.length,
    processor: processors[0]?.model ?? 'unknown',
    kernel: release(),
    filesystem: execFileSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).trim(),
    load: loadavg()[0] ?? 0,
  }
}

/** Over so much of its cores a machine works for others as well: then runs, which need disk and many processes, suffer more than the yardstick. */
const BUSY_SHARE = 0.5

export function machineLine(machine: Machine, folder: string): string {
  const { node, cores, processor, kernel, filesystem, load } = machine
  const what = `Node ${node}, ${cores} × ${processor}, Linux ${kernel}, ${folder} on ${filesystem}, load ${load.toFixed(1)}`
  return load > BUSY_SHARE * cores
    ? `${what}\nThis machine is busy with something else: the ratios come out too high, and scatter.`
    : what
}
