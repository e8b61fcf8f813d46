import { expect, test } from 'vitest'
import { leavingAfter } from '../../src/process/leavingAfter.ts'

test.each(['ends', 'fails'])(
  'R-LCK-17 R-QUE-14 who leaves in the middle of a claim has left when it %s, once: its descriptors are in use until then',
  async (how) => {
    const left: string[] = []
    const { during, leave } = leavingAfter((id) => left.push(id))
    const claim = Promise.withResolvers<string>()
    const claimed = during('r1', () => claim.promise).catch(String)
    leave('r1')
    leave('r1')
    leave('r2')
    expect(left).toEqual(['r2'])
    if (how === 'ends') claim.resolve('held')
    else claim.reject(new Error('no'))
    expect(await claimed).toBe(how === 'ends' ? 'held' : 'Error: no')
    expect(left).toEqual(['r2', 'r1'])
    leave('r1')
    expect(left).toEqual(['r2', 'r1', 'r1'])
  },
)
