import { rename } from 'node:fs/promises'
import type { Hub } from './hub.ts'
import { fullName, keepPull, personOf, repositoryById } from './memory.ts'
import type { Pull, Repository } from './records.ts'

/** What the owner of the account does with it, and what becomes of a place where the App works. */
export interface Owner {
  /** GitHub leads from the old name to the new one, until somebody takes the old one. */
  rename(name: string): Promise<Repository>
  /** From then on nothing can be written there. */
  archive(): Repository
  /** The App may do nothing on the account until it is let again. */
  suspend(): void
  unsuspend(): void
  uninstall(): void
  /** Only people with write permission may comment; an App may not. */
  lock(pull: Pull): Pull
}

/** By `login`, on the repository and the account that it belongs to. */
export function newOwner(hub: Hub, { id }: Repository, login: string): Owner {
  const { memory, git } = hub
  const sender = personOf(memory, login)
  function keep(change: Partial<Repository>): Repository {
    const changed = { ...repositoryById(memory, id), ...change, updatedAtMs: hub.now() }
    memory.repositories.set(id, changed)
    return changed
  }
  return {
    async rename(name) {
      const before = repositoryById(memory, id)
      memory.formerNames.set(fullName(before).toLowerCase(), id)
      const repository = keep({ name })
      await rename(git.path(fullName(before)), git.path(fullName(repository)))
      hub.emit({ name: 'repository', action: 'renamed', repository, before: before.name, sender })
      return repository
    },
    archive() {
      const repository = keep({ archived: true })
      hub.emit({ name: 'repository', action: 'archived', repository, sender })
      return repository
    },
    suspend() {
      memory.installation.state = 'suspended'
      hub.emit({ name: 'installation', action: 'suspend', sender })
    },
    unsuspend() {
      memory.installation.state = 'active'
      hub.emit({ name: 'installation', action: 'unsuspend', sender })
    },
    uninstall() {
      memory.installation.state = 'gone'
      memory.tokens.clear()
      hub.emit({ name: 'installation', action: 'deleted', sender })
    },
    lock: (pull) => keepPull(memory, { ...pull, locked: true, updatedAtMs: hub.now() }),
  }
}
