import { expect, test } from 'vitest'
import { DEFAULT_ALLOW } from '../../src/model/enginePolicy/allow.ts'
import { allowSchema } from '../../src/recipes/allow.ts'

test('R-DKR-15 a recipe that allows nothing has the policy as it is', () => {
  expect(allowSchema.parse({})).toEqual(DEFAULT_ALLOW)
})

test('R-DKR-15 each line says what it loosens', () => {
  const undescribed = Object.entries(allowSchema.shape).filter(([, field]) => field.description === undefined)
  expect(undescribed.map(([key]) => key)).toEqual([])
  expect(Object.keys(allowSchema.shape)).toEqual(Object.keys(DEFAULT_ALLOW))
})

test('R-DKR-15 mounts are of the host or of the checkout', () => {
  const mounts = ['/', '/srv/data', '/srv/.data:ro', './', './site', './site/a..b:ro']
  expect(allowSchema.parse({ mounts }).mounts).toEqual(mounts)
})

test('R-DKR-15 ports are written as numbers or with their protocol', () => {
  expect(allowSchema.parse({ ports: [8080, '53/udp', 'any'] }).ports).toEqual(['8080', '53/udp', 'any'])
})

test.each([
  { external: ['disk:x'] },
  { mounts: ['srv'] },
  { mounts: ['/srv/../etc'] },
  { mounts: ['/srv/.'] },
  { mounts: ['./../etc'] },
  { mounts: ['../etc'] },
  { mounts: ['/srv/..:ro'] },
  { mounts: ['/srv//x'] },
  { ports: [0] },
  { ports: ['http'] },
  { capabilities: ['CAP_NET_ADMIN'] },
  { namespaces: ['mount'] },
  { drivers: ['syslog'] },
  { keys: ['services.app.runtime!'] },
  { replicas: 0 },
  { everything: true },
])('R-DKR-15 %j is refused', (allow) => {
  expect(allowSchema.safeParse(allow).success).toBe(false)
})
