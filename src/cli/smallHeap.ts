import { setFlagsFromString } from 'node:v8'

/**
 * V8 lets garbage lie until the heap is up to four times what is in use, and gives none of it back while a process is at rest: a service that lives for
 * months stays as large as its busiest hour. From here on it collects at half as much again. A V8 that does not know the word says so on standard error, and
 * goes on.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50')
}
