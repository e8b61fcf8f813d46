/**
 * Schema version 1. Times are milliseconds of the wall clock. The partial indexes carry what the loops ask for, so that no
 * question of theirs reads what is over.
 */
export const FIRST_SCHEMA = `
CREATE TABLE deliveries (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT    NOT NULL UNIQUE,
  event       TEXT    NOT NULL,
  payload     TEXT    NOT NULL,
  received_at INTEGER NOT NULL,
  attempts    INTEGER NOT NULL DEFAULT 0,
  not_before  INTEGER NOT NULL DEFAULT 0,
  error       TEXT,
  decided_at  INTEGER,
  outcome     TEXT
) STRICT;
CREATE INDEX deliveries_undecided ON deliveries (seq) WHERE decided_at IS NULL;

CREATE TABLE subjects (
  subject     TEXT    PRIMARY KEY,
  delivery_id TEXT    NOT NULL,
  acted_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE uses (
  seq     INTEGER PRIMARY KEY,
  key     TEXT    NOT NULL,
  used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX uses_by_key ON uses (key, used_at);

CREATE TABLE heads (
  repository_id TEXT    NOT NULL,
  pr            INTEGER NOT NULL,
  sha           TEXT    NOT NULL,
  seen_at       INTEGER NOT NULL,
  PRIMARY KEY (repository_id, pr)
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
  repository_id TEXT    NOT NULL,
  pr            INTEGER NOT NULL,
  sha           TEXT    NOT NULL,
  actor         TEXT    NOT NULL,
  revoked       INTEGER NOT NULL CHECK (revoked IN (0, 1)),
  decided_at    INTEGER NOT NULL,
  PRIMARY KEY (repository_id, pr, sha)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id              TEXT    PRIMARY KEY,
  state           TEXT    NOT NULL CHECK (state IN ('queued', 'starting', 'running', 'tearing_down', 'concluded')),
  priority        INTEGER NOT NULL,
  enqueued_at     INTEGER NOT NULL,
  repository      TEXT    NOT NULL,
  repository_id   TEXT    NOT NULL,
  installation_id INTEGER NOT NULL,
  clone_url       TEXT    NOT NULL,
  pr              INTEGER NOT NULL,
  sha             TEXT    NOT NULL,
  ref             TEXT    NOT NULL,
  fork            INTEGER NOT NULL CHECK (fork IN (0, 1)),
  recipe          TEXT    NOT NULL,
  arguments       TEXT    NOT NULL CHECK (json_valid(arguments)),
  keep_ms         INTEGER NOT NULL,
  domain          TEXT    NOT NULL,
  names           TEXT    NOT NULL CHECK (json_valid(names)),
  actor           TEXT    NOT NULL,
  comment_id      INTEGER,
  waits_for       TEXT,
  stage           TEXT,
  started_at      INTEGER,
  concluded_at    INTEGER,
  verdict         TEXT    CHECK (verdict IS NULL OR json_valid(verdict)),
  stop            TEXT    CHECK (stop IS NULL OR json_valid(stop)),
  attempts        INTEGER NOT NULL DEFAULT 0,
  check_run_id    INTEGER,
  check_tried     INTEGER NOT NULL DEFAULT 0 CHECK (check_tried IN (0, 1)),
  reports         INTEGER NOT NULL DEFAULT 0,
  CHECK (state <> 'concluded' OR (verdict IS NOT NULL AND concluded_at IS NOT NULL))
) STRICT;
CREATE INDEX runs_claim ON runs (priority DESC, enqueued_at, id) WHERE state = 'queued';
CREATE INDEX runs_live ON runs (enqueued_at, id) WHERE state IN ('starting', 'running', 'tearing_down');
CREATE INDEX runs_newest ON runs (enqueued_at DESC, id DESC);
CREATE INDEX runs_of_pull_request ON runs (repository, pr, enqueued_at DESC, id DESC);

CREATE TABLE run_names (
  name        TEXT    NOT NULL,
  enqueued_at INTEGER NOT NULL,
  run_id      TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  PRIMARY KEY (name, enqueued_at DESC, run_id DESC)
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
  seq             INTEGER PRIMARY KEY AUTOINCREMENT,
  key             TEXT    NOT NULL UNIQUE,
  kind            TEXT    NOT NULL CHECK (kind IN ('reaction', 'reply', 'check')),
  state           TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'superseded', 'failed')),
  run_id          TEXT    REFERENCES runs (id),
  repository      TEXT    NOT NULL,
  installation_id INTEGER NOT NULL,
  pr              INTEGER NOT NULL,
  comment_id      INTEGER,
  body            TEXT    NOT NULL,
  terminal        INTEGER NOT NULL CHECK (terminal IN (0, 1)),
  attempts        INTEGER NOT NULL DEFAULT 0,
  not_before      INTEGER NOT NULL DEFAULT 0,
  error           TEXT,
  created_at      INTEGER NOT NULL,
  ended_at        INTEGER,
  CHECK (kind <> 'check' OR run_id IS NOT NULL)
) STRICT;
CREATE INDEX reports_pending ON reports (terminal DESC, seq) WHERE state = 'pending';
CREATE INDEX reports_pending_of_run ON reports (run_id, seq) WHERE state = 'pending';
CREATE INDEX reports_terminal ON reports (run_id) WHERE kind = 'check' AND terminal = 1;
CREATE INDEX reports_failed ON reports (seq) WHERE state = 'failed';

CREATE TABLE pauses (
  installation_id INTEGER PRIMARY KEY,
  until           INTEGER NOT NULL
) STRICT;
`

/** Version 2: the runs of a commit, for GitHub's "Re-run all checks". */
export const RUNS_OF_COMMIT = `
CREATE INDEX runs_of_commit ON runs (repository_id, sha, enqueued_at DESC, id DESC);
`

/** Version 3: how long GitHub limits an installation, apart from how long we keep our writes back to stay below its limits. */
export const LIMITS = `
ALTER TABLE pauses ADD COLUMN limited_until INTEGER NOT NULL DEFAULT 0;
`

/** Version 4: what is left of a delivery whose payload is forgotten, and where those stand that still have one. */
export const PAYLOADS = `
ALTER TABLE deliveries ADD COLUMN action TEXT;
CREATE INDEX deliveries_kept ON deliveries (decided_at) WHERE payload <> '';
`

/** Version 5: what belongs to a run, for whoever forgets it; without them each would read both tables whole. */
export const PARTS_OF_RUNS = `
CREATE INDEX reports_of_run ON reports (run_id);
CREATE INDEX run_names_of_run ON run_names (run_id);
`

/**
 * Replies that are kept up to date: what they say, GitHub's id of each once known, and how many changes there were and were told. A reply that
 * tells of no run is only a report.
 */
export const REPLIES = `
CREATE TABLE replies (
  comment_id      INTEGER PRIMARY KEY,
  repository      TEXT    NOT NULL,
  installation_id INTEGER NOT NULL,
  pr              INTEGER NOT NULL,
  parts           TEXT    NOT NULL CHECK (json_valid(parts)),
  created_at      INTEGER NOT NULL,
  reply_id        INTEGER,
  tried           INTEGER NOT NULL DEFAULT 0 CHECK (tried IN (0, 1)),
  changed         INTEGER NOT NULL DEFAULT 0,
  told            INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX replies_stale ON replies (comment_id) WHERE changed > told;

CREATE TABLE reply_runs (
  run_id     TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  comment_id INTEGER NOT NULL REFERENCES replies (comment_id),
  PRIMARY KEY (run_id, comment_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reply_runs_of_reply ON reply_runs (comment_id);
CREATE INDEX reports_of_reply ON reports (comment_id, seq) WHERE kind = 'reply';
`

/** How long the runs of a recipe last. Only those that finished by themselves tell. */
export const FINISHED_RUNS = `
CREATE INDEX runs_finished ON runs (repository_id, recipe, concluded_at DESC)
  WHERE started_at IS NOT NULL AND json_extract(verdict, '$.reason') IN ('passed', 'stage_failed', 'teardown_unverified');
`

/** How far each repository's comments have been looked at for webhooks that never came. */
export const WATCHES = `
CREATE TABLE watches (
  repository_id TEXT    PRIMARY KEY,
  since         INTEGER NOT NULL,
  cursor        INTEGER NOT NULL,
  etag          TEXT
) STRICT, WITHOUT ROWID;
`

/** When a report that was given up was asked for once more; its patience begins anew then. */
export const RETRIES = `
ALTER TABLE reports ADD COLUMN again_at INTEGER NOT NULL DEFAULT 0;
`

/** What people ask of names by hand, in comments. */
export const ORDERS = `
CREATE TABLE orders (
  id         TEXT    PRIMARY KEY,
  action     TEXT    NOT NULL CHECK (action IN ('hold', 'release')),
  name       TEXT    NOT NULL,
  for_ms     INTEGER NOT NULL,
  reason     TEXT    NOT NULL,
  actor      TEXT    NOT NULL,
  comment_id INTEGER,
  ordered_at INTEGER NOT NULL,
  ended_at   INTEGER,
  outcome    TEXT,
  detail     TEXT,
  CHECK (ended_at IS NULL OR (outcome IS NOT NULL AND detail IS NOT NULL))
) STRICT;
CREATE INDEX orders_open ON orders (ordered_at, id) WHERE ended_at IS NULL;
CREATE INDEX orders_of_comment ON orders (comment_id);
`

/** What the operator is told of. */
export const ALARMS = `
CREATE TABLE alarms (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT    NOT NULL UNIQUE,
  kind       TEXT    NOT NULL,
  subject    TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
  times      INTEGER NOT NULL DEFAULT 1,
  attempts   INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  error      TEXT,
  raised_at  INTEGER NOT NULL,
  ended_at   INTEGER
) STRICT;
CREATE INDEX alarms_pending ON alarms (seq) WHERE state = 'pending';
CREATE INDEX alarms_failed ON alarms (seq) WHERE state = 'failed';
CREATE INDEX alarms_over ON alarms (raised_at) WHERE state <> 'pending';
CREATE INDEX alarms_of_subject ON alarms (kind, subject, raised_at);
`

/**
 * What happened before or after what, by GitHub's own clock; names of repositories that have moved; what limits look at. Of
 * older runs only our clock is known, and of older approvals nothing: the next push ends them, whenever it came.
 */
export const ORDER_AND_LIMITS = `
ALTER TABLE runs ADD COLUMN pinned_at INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET pinned_at = enqueued_at;
ALTER TABLE approvals ADD COLUMN given_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_concluded ON runs (concluded_at) WHERE state = 'concluded';
CREATE INDEX uses_by_time ON uses (used_at);
CREATE TABLE repositories (
  repository_id   TEXT    PRIMARY KEY,
  name            TEXT    NOT NULL,
  clone_url       TEXT    NOT NULL,
  installation_id INTEGER NOT NULL,
  moved_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

/** An order is begun once. */
export const BEGUN_ORDERS = 'ALTER TABLE orders ADD COLUMN begun_at INTEGER'

/**
 * Each change that the queue has to know of has a number, and none comes twice: whoever keeps the queue in mind reads what is new, however
 * long the rest is. Triggers, so that no statement can leave it out.
 */
export const CHANGED_RUNS = `
CREATE TABLE counters (
  name  TEXT    PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('runs', 0);
ALTER TABLE runs ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_by_change ON runs (changed);
CREATE TRIGGER runs_added AFTER INSERT ON runs BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'runs';
  UPDATE runs SET changed = (SELECT value FROM counters WHERE name = 'runs') WHERE id = NEW.id;
END;
CREATE TRIGGER runs_changed AFTER UPDATE ON runs
  WHEN OLD.state <> NEW.state OR OLD.stop IS NOT NEW.stop OR OLD.waits_for IS NOT NEW.waits_for
    OR OLD.names <> NEW.names OR OLD.arguments <> NEW.arguments OR OLD.recipe <> NEW.recipe OR OLD.priority <> NEW.priority
    OR OLD.repository <> NEW.repository OR OLD.clone_url <> NEW.clone_url OR OLD.installation_id <> NEW.installation_id BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'runs';
  UPDATE runs SET changed = (SELECT value FROM counters WHERE name = 'runs') WHERE id = NEW.id;
END;
`

/** All that a place in the queue comes from: a row that somebody puts right by hand counts like any other change. */
export const QUEUED_FIELDS = `
DROP TRIGGER runs_changed;
CREATE TRIGGER runs_changed AFTER UPDATE ON runs
  WHEN OLD.state <> NEW.state OR OLD.stop IS NOT NEW.stop OR OLD.waits_for IS NOT NEW.waits_for
    OR OLD.enqueued_at <> NEW.enqueued_at OR OLD.priority <> NEW.priority OR OLD.names <> NEW.names
    OR OLD.arguments <> NEW.arguments OR OLD.recipe <> NEW.recipe OR OLD.sha <> NEW.sha OR OLD.pr <> NEW.pr
    OR OLD.repository <> NEW.repository OR OLD.repository_id <> NEW.repository_id OR OLD.clone_url <> NEW.clone_url
    OR OLD.installation_id <> NEW.installation_id BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'runs';
  UPDATE runs SET changed = (SELECT value FROM counters WHERE name = 'runs') WHERE id = NEW.id;
END;
`
