/** What starts berth on this machine: units of systemd; cron for the sweeps, and somebody else for the service; or nobody yet. */
export const STARTERS = ['systemd', 'cron', 'none'] as const
export type Starter = (typeof STARTERS)[number]
