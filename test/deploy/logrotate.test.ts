import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { addAuditLine, lastAuditLines } from '../../src/store/audit.ts'
import { openStateFolder } from '../../src/store/stateFolder.ts'
import { hasTool } from '../hasTool.ts'

const HAS_LOGROTATE = hasTool('logrotate')
const LINE = { action: 'hold', name: 'a.test', by: 'somebody', rest: {} } as const

test.skipIf(!HAS_LOGROTATE)(
  'R-JAN-10 the audit goes on in a new file when logrotate has taken the old one',
  () => {
    const root = mkdtempSync(join(tmpdir(), 'berth-rotate-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const state = openStateFolder(join(root, 'state'))
    const given = readFileSync(new URL('../../deploy/logrotate/berth', import.meta.url), 'utf8')
    const file = join(root, 'berth')
    writeFileSync(file, given.replaceAll('/var/lib/berth', state.root))
    // Else it is not to be trusted.
    chmodSync(file, 0o644)
    addAuditLine(state, { ...LINE, reason: 'before' })
    const { status, stderr } = spawnSync('logrotate', ['--force', '--state', join(root, 'status'), file], {
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([0, ''])
    addAuditLine(state, { ...LINE, reason: 'after' })
    expect(lastAuditLines(state, 10).map(({ reason }) => reason)).toEqual(['after'])
    const old = readdirSync(state.root).filter((name) => /^audit\.ndjson-\d+$/.test(name))
    expect(old).toHaveLength(1)
    expect(readFileSync(join(state.root, old[0] ?? ''), 'utf8')).toContain('before')
  },
)
