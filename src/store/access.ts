import { type AccessStore, type Person, SCOPES, type Session, type Token } from '../model/access.ts'
import { type Fields, fieldsOf, numberOf, oneOf, optional, textOf } from '../model/read.ts'
import type { Database } from './database.ts'

const LIVE = 'revoked_at IS NULL AND (ends_at IS NULL OR ends_at > :nowMs)'

const ADD_TOKEN = `
  INSERT INTO tokens (hash, name, scope, made_by, made_at, ends_at)
  SELECT :hash, :name, :scope, :madeBy, :madeAtMs, :endsAtMs
   WHERE NOT EXISTS (
     SELECT 1 FROM tokens WHERE name = :name AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > :madeAtMs))`

const TOKENS = `SELECT * FROM tokens WHERE ${LIVE} ORDER BY name`

const TOKEN = `SELECT * FROM tokens WHERE hash = :hash AND ${LIVE}`

/** To the minute: a program that looks every second shall not write every second. */
const USE =
  'UPDATE tokens SET used_at = :nowMs WHERE hash = :hash AND (used_at IS NULL OR used_at < :nowMs - 60000)'

const REVOKE = `UPDATE tokens SET revoked_at = :nowMs WHERE name = :name AND ${LIVE}`

const END_SESSIONS_OF = 'DELETE FROM sessions WHERE token = :name'

const FORGET_SESSIONS = 'DELETE FROM sessions WHERE ends_at <= :nowMs'

const ADD_SESSION = `
  INSERT INTO sessions (hash, github_id, login, token, may_read, may_act, ends_at)
  VALUES (:hash, :githubId, :login, :token, :mayRead, :mayAct, :endsAtMs)`

const SESSION = 'SELECT * FROM sessions WHERE hash = :hash AND ends_at > :nowMs'

const END_SESSION = 'DELETE FROM sessions WHERE hash = :hash'

export function accessOn(database: Database): AccessStore {
  return { ...tokensOn(database), ...sessionsOn(database) }
}

function tokensOn(database: Database): Pick<AccessStore, 'addToken' | 'tokens' | 'useToken' | 'revokeToken'> {
  const add = database.prepare(ADD_TOKEN)
  const all = database.prepare(TOKENS)
  const one = database.prepare(TOKEN)
  const use = database.prepare(USE)
  const revoke = database.prepare(REVOKE)
  const endSessions = database.prepare(END_SESSIONS_OF)
  return {
    addToken: async (token, hash) => database.write(() => add.run({ ...token, hash }).changes === 1),
    tokens: async (nowMs) => database.read(() => all.all({ nowMs }).map(tokenOf)),
    async useToken(hash, nowMs) {
      const row = database.read(() => one.get({ hash, nowMs }))
      if (row === undefined) return null
      const token = tokenOf(row)
      if (token.usedAtMs === null || token.usedAtMs < nowMs - 60_000)
        database.write(() => use.run({ hash, nowMs }))
      return token
    },
    revokeToken: async (name, nowMs) =>
      database.write(() => {
        endSessions.run({ name })
        return revoke.run({ name, nowMs }).changes > 0
      }),
  }
}

function sessionsOn(database: Database): Pick<AccessStore, 'addSession' | 'session' | 'endSession'> {
  const forget = database.prepare(FORGET_SESSIONS)
  const add = database.prepare(ADD_SESSION)
  const one = database.prepare(SESSION)
  const end = database.prepare(END_SESSION)
  return {
    addSession: async ({ person, mayRead, mayAct, endsAtMs }, hash, nowMs) =>
      database.write(() => {
        forget.run({ nowMs })
        const may = { mayRead: mayRead ? 1 : 0, mayAct: mayAct ? 1 : 0 }
        add.run({ hash, endsAtMs, ...may, ...columnsOf(person) })
      }),
    session: async (hash, nowMs) =>
      database.read(() => {
        const row = one.get({ hash, nowMs })
        return row === undefined ? null : sessionOf(row)
      }),
    endSession: async (hash) => database.write(() => void end.run({ hash })),
  }
}

function tokenOf(row: unknown): Token {
  const fields = fieldsOf(row, 'token')
  return {
    name: textOf(fields, 'name'),
    scope: oneOf(fields, 'scope', SCOPES),
    madeBy: textOf(fields, 'made_by'),
    madeAtMs: numberOf(fields, 'made_at'),
    endsAtMs: optional(fields, 'ends_at', numberOf),
    usedAtMs: optional(fields, 'used_at', numberOf),
  }
}

function columnsOf(person: Person) {
  if (person.kind === 'token') return { githubId: null, login: null, token: person.name }
  return { githubId: person.id, login: person.login, token: null }
}

function sessionOf(row: unknown): Session {
  const fields = fieldsOf(row, 'session')
  return {
    person: personOf(fields),
    mayRead: numberOf(fields, 'may_read') === 1,
    mayAct: numberOf(fields, 'may_act') === 1,
    endsAtMs: numberOf(fields, 'ends_at'),
  }
}

function personOf(fields: Fields): Person {
  const token = optional(fields, 'token', textOf)
  if (token !== null) return { kind: 'token', name: token }
  return { kind: 'github', id: numberOf(fields, 'github_id'), login: textOf(fields, 'login') }
}
