import { makeImage } from './fixtures/images.ts'
import { docker } from './fixtures/raw.ts'

/** A machine without an engine fails here, before the first test: no test of this folder is ever skipped. */
export function setup(): void {
  const state = docker('info', '--format', '{{.Swarm.ControlAvailable}}')
  if (state !== 'true')
    throw new Error('the engine is no swarm manager: docker swarm init --advertise-addr 127.0.0.1')
  makeImage()
}
