/**
 * A write costs what it has pages. What is not numbered yet, in the moment before its trigger, is in no index of numbers; the runs of a commit are few, and
 * grow at their end where no order of their own makes room in the middle; and what two indexes told of a run's reports one tells.
 */
export const FEWER_PAGES = `
DROP INDEX runs_by_change;
CREATE INDEX runs_by_change ON runs (changed) WHERE changed > 0;
DROP INDEX runs_of_commit;
CREATE INDEX runs_of_commit ON runs (repository_id, sha);
DROP INDEX reports_pending_of_run;
DROP INDEX reports_of_run;
CREATE INDEX reports_of_run ON reports (run_id, state);
`
