/** The runs of a recipe that are over, in one repository and in all, newest first: its history, and its badge. Nobody pays for them who only waits. */
export const RUNS_OF_RECIPE = `
CREATE INDEX runs_of_recipe ON runs (recipe, enqueued_at DESC, id DESC) WHERE state = 'concluded';
CREATE INDEX runs_of_recipe_in_repository ON runs (repository, recipe, enqueued_at DESC, id DESC)
 WHERE state = 'concluded';
`

/** Who may look and act from elsewhere, and what was done so. What only its owner knows is kept as a hash. */
export const ACCESS = `
CREATE TABLE tokens (
  hash       TEXT    PRIMARY KEY,
  name       TEXT    NOT NULL,
  scope      TEXT    NOT NULL CHECK (scope IN ('read', 'act')),
  made_by    TEXT    NOT NULL,
  made_at    INTEGER NOT NULL,
  ends_at    INTEGER,
  used_at    INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_name ON tokens (name) WHERE revoked_at IS NULL;

CREATE TABLE sessions (
  hash      TEXT    PRIMARY KEY,
  github_id INTEGER,
  login     TEXT,
  token     TEXT,
  may_read  INTEGER NOT NULL CHECK (may_read IN (0, 1)),
  may_act   INTEGER NOT NULL CHECK (may_act IN (0, 1)),
  ends_at   INTEGER NOT NULL,
  CHECK ((login IS NULL) = (github_id IS NULL) AND (login IS NULL) <> (token IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_end ON sessions (ends_at);
CREATE INDEX sessions_by_token ON sessions (token) WHERE token IS NOT NULL;

CREATE TABLE actions (
  seq          INTEGER PRIMARY KEY AUTOINCREMENT,
  id           TEXT    NOT NULL UNIQUE,
  act          TEXT    NOT NULL,
  run_id       TEXT,
  name         TEXT,
  for_ms       INTEGER NOT NULL,
  reason       TEXT    NOT NULL,
  actor        TEXT    NOT NULL,
  from_address TEXT    NOT NULL,
  asked_at     INTEGER NOT NULL,
  ended_at     INTEGER,
  code         TEXT,
  detail       TEXT,
  runs         TEXT    CHECK (runs IS NULL OR json_valid(runs)),
  CHECK ((ended_at IS NULL) = (code IS NULL) AND (ended_at IS NULL) = (detail IS NULL) AND (ended_at IS NULL) = (runs IS NULL))
) STRICT;
`

/**
 * How the stages of a run went and how long they took, for the history of its recipe: the folder that has it goes long before the record. One column of
 * the row that a conclusion writes anyway costs no page more; null = not concluded, or by an older berth.
 */
export const PAST_STAGES = `
ALTER TABLE runs ADD COLUMN stages TEXT CHECK (stages IS NULL OR json_valid(stages));
`
