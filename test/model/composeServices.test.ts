import { expect, test } from 'vitest'
import { composeServices } from '../../src/model/composeServices.ts'

const FILE = {
  services: {
    app: {},
    two: { scale: 2 },
    three: { deploy: { replicas: 3 } },
    global: { deploy: { mode: 'global', replicas: 3 } },
    none: { deploy: { replicas: 0 } },
    spare: { profiles: ['spare'] },
    debug: { profiles: ['debug', 'more'], scale: 2 },
  },
}

test('R-DKR-11 of each service as many containers are waited for as compose makes, by profiles', () => {
  const always = { app: 1, two: 2, three: 3, global: 1, none: 0 }
  const counts = (...profiles: readonly string[]) => Object.fromEntries(composeServices(FILE, profiles))
  expect(counts()).toEqual(always)
  expect(counts('more')).toEqual({ ...always, debug: 2 })
  expect(counts('*')).toEqual({ ...always, spare: 1, debug: 2 })
  expect(composeServices({}, []).size).toBe(0)
})
