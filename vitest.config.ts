import { defineConfig } from 'vitest/config'

/** What is shown in a real browser, or at a real terminal: each of these takes as long as a hundred others, and has a suite of its own. */
const SCREENS = [
  'test/cli/completion.test.ts',
  'test/cli/watch.test.ts',
  'test/sandbox/page/axe.test.ts',
  'test/sandbox/page/browser.test.ts',
  'test/web/axe.test.ts',
  'test/web/browser.test.ts',
  'test/web/formsBrowser.test.ts',
  'test/web/runBrowser.test.ts',
]

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: SCREENS,
          globalSetup: 'test/inMemory.ts',
          pool: 'forks',
          maxWorkers: '100%',
          // One process a worker instead of one a file: a quarter of the time was starting them. No test
          // may leave anything in its process: `onTestFinished` takes back what it changes.
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'screens',
          include: SCREENS,
          globalSetup: 'test/inMemory.ts',
          pool: 'forks',
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'concurrency',
          include: ['test-concurrency/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          retry: 0,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'docker',
          include: ['test-docker/**/*.test.ts'],
          globalSetup: 'test-docker/setup.ts',
          pool: 'forks',
          // There is one engine, and some tests stop it.
          fileParallelism: false,
          retry: 0,
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
