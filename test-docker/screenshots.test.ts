import { createSocket } from 'node:dgram'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { expect } from 'vitest'
import { findBrowser } from '../src/drivers/stack/browser.ts'
import { parseJournal } from '../src/model/readJournal.ts'
import { DOT } from '../test/picture.ts'
import { IS_ROOT } from '../test-concurrency/fixtures/needs.ts'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { giveUsers } from '../test-concurrency/fixtures/users.ts'
import { runEnds } from './fixtures/coopCloud.ts'
import type { StackText } from './fixtures/stackFile.ts'
import { commit, filesOf, type Stacks, test } from './fixtures/stacks.ts'

const HAS_BROWSER = findBrowser(process.env['PATH'] ?? '') !== null
const LOOK = { screenshot: { http: 'http://app:8080/index.html' } }
const READY = { ready: { http: 'http://app:8080/index.html' } }

/** Green when all that it asks for elsewhere is refused, red as soon as anything is there: the picture shows it. */
function hostilePage(tcp: number, udp: number, file: string): string {
  const elsewhere = [
    `http://127.0.0.1:${tcp}/image`,
    `http://localhost:${tcp}/image`,
    `http://[::1]:${tcp}/image`,
    `file://${file}`,
  ]
  return `<!doctype html><title>hostile</title><body style="background:#ffffff"><script>
let left = ${elsewhere.length}
const paint = (colour) => { document.body.style.background = colour }
const asked = (there) => { left -= 1; if (there) left = 99; paint(left === 0 ? '#008000' : '#ff0000') }
for (const url of ${JSON.stringify(elsewhere)}) {
  const image = new Image()
  image.onload = () => asked(true)
  image.onerror = () => asked(false)
  image.src = url
}
fetch('http://127.0.0.1:${tcp}/fetch', { mode: 'no-cors' })
navigator.sendBeacon('http://127.0.0.1:${tcp}/beacon', 'x')
new WebSocket('ws://127.0.0.1:${tcp}/socket')
const peer = new RTCPeerConnection({ iceServers: [
  { urls: 'stun:127.0.0.1:${udp}' },
  { urls: 'turn:127.0.0.1:${tcp}?transport=tcp', username: 'a', credential: 'b' },
] })
peer.createDataChannel('x')
peer.createOffer().then((offer) => peer.setLocalDescription(offer))
const link = document.createElement('a')
link.href = '/index.html'
link.download = 'filled.disk'
document.body.append(link)
link.click()
const frame = document.createElement('iframe')
frame.src = 'file:///etc/passwd'
document.body.append(frame)
</script>`
}

/** What listens on this machine's own address, and has been asked for. */
async function openVictim() {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end()
  })
  server.on('connection', (socket) => asked.push(`a connection from ${socket.remoteAddress}`))
  const socket = createSocket('udp4', (message) => void asked.push(`${message.length} bytes`))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return {
    asked,
    tcp: (server.address() as AddressInfo).port,
    udp: socket.address().port,
    async [Symbol.asyncDispose]() {
      socket.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function siteOf(page: string): StackText {
  const command = 'cat /page >/tmp/index.html; exec httpd -f -p 8080 -h /tmp'
  return { services: { app: { command, configs: ['page'] } }, configs: { page } }
}

function settings(stacks: Stacks, ...lines: readonly string[]): string {
  return ['budgets: { killGrace: 4s, deadline: 5m, teardown: 2m }', ...lines, ...stacks.settings()].join('\n')
}

test.skipIf(!IS_ROOT || !HAS_BROWSER)(
  'R-DKR-14 R-Q-08 a screenshot of a hostile page is taken by the stages’ user and kept with the run; the page reaches its own service, and nothing else of the machine',
  async ({ world, stacks }) => {
    const name = stacks.name('look')
    const [uid] = giveUsers(world, 1)
    world.configure(settings(stacks, `runAs: [${uid}]`))
    await using victim = await openVictim()
    world.recipe(name)
    const nothingStays = {
      run: 'test "$(id -u)" != 0; ls -A "$HOME"; test ! -e "$HOME/.berth-browser"; test ! -e "$HOME/Downloads"',
    }
    stacks.write(name, {
      stages: { deploy: { deploy: {} }, ready: READY, look: LOOK, nothing: nothingStays },
    })
    const file = join(world.root, 'anybody-may-read.png')
    writeFileSync(file, DOT, { mode: 0o644 })
    commit(world, filesOf(siteOf(hostilePage(victim.tcp, victim.udp, file))))
    const run = await world.run(name)
    await runEnds(run, 0)
    expect(endsOf(run)['look']).toMatch(/^success: 1280 × 800, \d+ kB$/)
    expect(aimsOf(run)).toContain('screenshot')
    expect(firstPixel(readFileSync(join(run.folder, 'screenshots/look.png')))).toEqual([0, 0x80, 0])
    expect(victim.asked).toEqual([])
  },
)

test.skipIf(!IS_ROOT || !HAS_BROWSER)(
  'R-DKR-14 where no browser may be used a screenshot is skipped in a sentence, and red only where the recipe requires it',
  async ({ world, stacks }) => {
    const name = stacks.name('skip')
    world.recipe(name)
    const must = { screenshot: { ...LOOK.screenshot, required: true } }
    stacks.write(name, { stages: { deploy: { deploy: {} }, look: LOOK, must } })
    commit(world, filesOf(siteOf('hello')))
    const run = await world.run(name)
    await runEnds(run, 1)
    expect(endsOf(run)).toMatchObject({
      look: 'success: skipped: no page is shown by root: set runAs in berth.yml',
      must: 'failure: no screenshot: no page is shown by root: set runAs in berth.yml',
    })
    expect(aimsOf(run)).not.toContain('screenshot')
    expect(existsSync(join(run.folder, 'screenshots'))).toBe(false)
  },
)

test.skipIf(!IS_ROOT || !HAS_BROWSER)(
  'R-DKR-14 a page that does not answer is red, and no picture of the browser’s own error is kept',
  async ({ world, stacks }) => {
    const name = stacks.name('gone')
    const [uid] = giveUsers(world, 1)
    world.configure(settings(stacks, `runAs: [${uid}]`))
    world.recipe(name)
    const gone = { screenshot: { http: 'http://app:8081/' } }
    stacks.write(name, { stages: { deploy: { deploy: {} }, gone } })
    commit(world, filesOf(siteOf('hello')))
    const run = await world.run(name)
    await runEnds(run, 1)
    expect(endsOf(run)['gone']).toMatch(/^failure: the browser has written no picture; exit code 0/)
    expect(readFileSync(join(run.folder, 'stages/02-gone.log'), 'utf8')).toContain('ERR_CONNECTION_REFUSED')
  },
)

function endsOf(run: Run): Readonly<Record<string, string>> {
  const ends = run.journal().filter(({ event }) => event === 'stage.ended')
  return Object.fromEntries(ends.map(({ name, outcome, detail }) => [name, `${outcome}: ${detail}`]))
}

function aimsOf(run: Run): readonly unknown[] {
  const { stages } = parseJournal(readFileSync(join(run.folder, 'journal.ndjson'), 'utf8'))
  return stages.map(({ aim }) => aim)
}

/** Red, green and blue. Nothing stands before it or above it, so that every filter leaves it as it is (w3.org/TR/png-3, 9.2). */
function firstPixel(png: Buffer): readonly number[] {
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  return [...inflateSync(Buffer.concat(parts)).subarray(1, 4)]
}
