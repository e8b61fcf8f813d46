import { expect, test } from 'vitest'
import { identityOf, isAlive, signalIdentity } from '../../src/process/procfs.ts'

test('R-RUN-11 this very process is alive', () => {
  const identity = identityOf(process.pid)
  expect(identity !== null && isAlive(identity)).toBe(true)
})

test('R-RUN-11 a pid that another process has by now is not taken for the one that had it, and not signalled', () => {
  const identity = identityOf(process.pid)
  if (identity === null) throw new Error('this process does not live')
  const former = { ...identity, startTime: '1' }
  expect(isAlive(former)).toBe(false)
  expect(signalIdentity(former, 'SIGCONT')).toBe(false)
})

test('R-RUN-11 a process of another boot is dead, whoever has its pid and start time', () => {
  const identity = identityOf(process.pid)
  if (identity === null) throw new Error('this process does not live')
  expect(isAlive({ ...identity, boot: '00000000-0000-4000-8000-000000000000' })).toBe(false)
})
