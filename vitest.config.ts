import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: '100%',
          testTimeout: 20_000,
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
    ],
  },
})
