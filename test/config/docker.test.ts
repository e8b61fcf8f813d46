import { expect, test } from 'vitest'
import { machine } from './world.ts'

test.each([
  ['{}', { host: null, certPath: null, configDir: null }],
  ['{ host: unix:///run/mine.sock }', { host: 'unix:///run/mine.sock', certPath: null, configDir: null }],
  ['{ host: tcp://10.0.0.7:2375 }', { host: 'tcp://10.0.0.7:2375', certPath: null, configDir: null }],
  ['{ configDir: /root/.docker }', { host: null, certPath: null, configDir: '/root/.docker' }],
])('R-DKR-16 docker: %s says where the engine is, and whose credentials registries get', (text, expected) => {
  using here = machine()
  here.write('work/berth.yml', `docker: ${text}`)
  expect(here.load().docker).toEqual(expected)
})

test('R-DKR-16 folders of docker: count from the folder of the file, as all paths do', () => {
  using here = machine()
  here.write(
    'etc/berth/berth.yml',
    'docker: { host: tcp://engine:2376, certPath: certs, configDir: ../docker }',
  )
  expect(here.load().docker).toEqual({
    host: 'tcp://engine:2376',
    certPath: here.path('etc/berth/certs'),
    configDir: here.path('etc/docker'),
  })
})

test.each([
  ['host: engine:2375', '2:3: docker.host: must be unix:///path or tcp://host:port, and is "engine:2375"'],
  ['host: unix://run/x', '2:3: docker.host: must be unix:///path or tcp://host:port'],
  ['host: https://engine', '2:3: docker.host: must be unix:///path or tcp://host:port'],
  [
    "certPath: ''",
    '2:3: docker.certPath: must be a path; a relative one counts from the folder of this file',
  ],
  [
    'certPath: certs',
    '2:3: docker.certPath: is for an engine behind TLS; say where it is: host: tcp://HOST:2376',
  ],
  ['configDir: 5', "2:3: docker.configDir: must be text, and is 5; write '5' in quotes"],
  ['socket: /run/x', '2:3: docker.socket: is not known here. Known: host, certPath, configDir'],
])('R-DKR-16 docker: { %s } is refused with its line and the way out', (line, expected) => {
  using here = machine()
  here.write('work/berth.yml', `docker:\n  ${line}`)
  expect(here.faults()).toEqual([expect.stringContaining(`berth.yml:${expected}`)])
})

test('R-DKR-16 certificates for a socket of this machine are refused, and a host that cannot be read is one fault', () => {
  using here = machine()
  here.write('work/berth.yml', 'docker: { host: unix:///run/x, certPath: certs }')
  expect(here.faults()).toEqual([expect.stringContaining('docker.certPath: is for an engine behind TLS')])
  here.write('work/berth.yml', 'docker: { host: 5, certPath: certs }')
  expect(here.faults()).toEqual([expect.stringContaining('docker.host: must be')])
})
