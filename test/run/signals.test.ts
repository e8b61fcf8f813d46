import { expect, onTestFinished, test } from 'vitest'
import { hearSignals } from '../../src/run/signals.ts'

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

test('R-RUN-22 a signal that came before anybody listened is heard as soon as somebody does', () => {
  const before = SIGNALS.map((signal) => process.listeners(signal))
  const signals = hearSignals()
  onTestFinished(() => {
    SIGNALS.forEach((signal, index) => {
      const own = process.listeners(signal).filter((listener) => before[index]?.includes(listener) !== true)
      for (const listener of own) process.off(signal, listener)
    })
  })
  signals.heard('SIGHUP')
  signals.heard('SIGINT')
  const heard: string[] = []
  signals.tell((reason, signal) => heard.push(`${reason} ${signal}`))
  signals.heard('SIGTERM')
  expect(heard).toEqual(['terminated SIGHUP', 'interrupted SIGINT', 'terminated SIGTERM'])
})
