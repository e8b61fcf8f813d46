import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openCheckout } from '../../../src/drivers/coopCloud/checkout.ts'
import { type ComposeDocument, parseCompose } from '../../../src/drivers/coopCloud/composeDocument.ts'
import type { DeployWish } from '../../../src/drivers/coopCloud/environment.ts'
import { type Fault, faultLine } from '../../../src/drivers/coopCloud/fault.ts'
import type { Values } from '../../../src/drivers/coopCloud/interpolate.ts'
import { type CoopCloudRecipe, readCoopCloudRecipe } from '../../../src/drivers/coopCloud/recipe.ts'

export const WISH: DeployWish = {
  domain: 'blog-pr7.ci.example.org',
  stackName: 'blog-pr7_ci_example_org',
  env: {},
}

export type Files = Readonly<Record<string, string>>

/** A recipe repository in a folder of its own. */
export interface Repository extends Disposable {
  readonly folder: string
  path(file: string): string
}

export function repository(files: Files): Repository {
  const folder = mkdtempSync(join(tmpdir(), 'berth-recipe-'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  return {
    folder,
    path: (file) => join(folder, file),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export function readRecipe(files: Files, wish: Partial<DeployWish> = {}): CoopCloudRecipe {
  using here = repository(files)
  return readCoopCloudRecipe(openCheckout(here.folder), { ...WISH, ...wish })
}

export function linesOf(faults: readonly Fault[]): readonly string[] {
  return faults.map(faultLine)
}

export function values(env: Readonly<Record<string, string>>): Values {
  return new Map(Object.entries({ STACK_NAME: WISH.stackName, DOMAIN: WISH.domain, ...env }))
}

/** Documents of files that are right. */
export function documents(files: Files): readonly ComposeDocument[] {
  return Object.entries(files).map(([file, text]) => {
    const { document, faults } = parseCompose(file, text)
    if (document === null) throw new Error(linesOf(faults).join('\n'))
    return document
  })
}

/** A blog with a database, an optional mail service, and a search service: the shapes of several recipes in one. */
export const BLOG: Files = {
  '.env.sample': `TYPE=blog

DOMAIN=blog.example.com
## Domain aliases
#EXTRA_DOMAINS=', \`www.blog.example.com\`'
LETS_ENCRYPT_ENV=production
TIMEOUT=600

COMPOSE_FILE="compose.yml"

# Database
COMPOSE_FILE="$COMPOSE_FILE:compose.postgres.yml"
SECRET_DB_PASSWORD_VERSION=v1      # length=32 charset=default,safespecial
SECRET_KEY_BASE_VERSION=v1 # length=128 charset=hex

# Search
COMPOSE_FILE="$COMPOSE_FILE:compose.search.yml"
SECRET_SEARCH_KEY_VERSION=v2

# Mail
# COMPOSE_FILE="$COMPOSE_FILE:compose.mail.yml"
#   SECRET_MAIL_PASSWORD_VERSION=v1  # generate=false
#   MAIL_FROM="Blog, the <mail@blog.example.com>"   # who writes

OAUTH_ISSUER=https://\${DOMAIN}/oauth
GREETING='It is $5, not #6'
`,
  'abra.sh': `# versions of the configs
export APP_ENTRYPOINT_VERSION=v3
export DB_BACKUP_VERSION=v4

backup() {
  export DB_BACKUP_VERSION=v99
  PASSWORD=$(cat /run/secrets/db_password)
}
`,
  'compose.yml': `---
version: "3.8"

services:
  app:
    image: registry.example.org/blog:2.14.1
    environment:
      - HOSTNAME=\${DOMAIN}
      - OAUTH_ISSUER
      - MAIL_FROM
      - LANG=\${LANG:-en_US.UTF-8}
    secrets:
      - key_base
    networks: [proxy, internal]
    configs:
      - source: app_entrypoint
        target: /docker-entrypoint.sh
        mode: 0555
    deploy:
      labels:
        - "backupbot.backup=\${ENABLE_BACKUPS:-true}"
        - "traefik.http.routers.\${STACK_NAME}.rule=Host(\`\${DOMAIN}\`\${EXTRA_DOMAINS})"
        #- "traefik.http.routers.\${STACK_NAME}.middlewares=\${NOBODY_SETS_THIS}"
        - "coop-cloud.\${STACK_NAME}.version=1.2.0+2.14.1"
        - "coop-cloud.\${STACK_NAME}.timeout=\${TIMEOUT:-300}"
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost"]
      interval: 30s
      start_period: 1m

networks:
  proxy:
    external: true
  internal:

configs:
  app_entrypoint:
    name: \${STACK_NAME}_app_entrypoint_\${APP_ENTRYPOINT_VERSION}
    file: entrypoint.sh.tmpl
    template_driver: golang

secrets:
  key_base:
    external: true
    name: \${STACK_NAME}_key_base_\${SECRET_KEY_BASE_VERSION:-v1}
  unused:
    external: true
    name: \${STACK_NAME}_unused_v1
`,
  'compose.postgres.yml': `version: '3.8'

x-db-env: &db-env
  POSTGRES_PASSWORD_FILE: /run/secrets/db_password

services:
  app:
    environment:
      <<: *db-env
    secrets: [db_password]
  db:
    image: postgres:17-alpine
    environment:
      <<: *db-env
    secrets:
      - source: db_password
        target: db-password
    networks: [internal]
    volumes: ["db-data:/var/lib/postgresql/data"]
    deploy:
      labels:
        backupbot.backup: \${ENABLE_BACKUPS:-true}
        backupbot.backup.pre-hook: "/backup.sh backup"
        backupbot.backup.volumes.db-data.path: "backup.sql, wal"
        backupbot.backup.volumes.cache: "false"
        backupbot.restore.post-hook: '/backup.sh restore'
    configs:
      - source: db_backup
        target: /backup.sh

volumes:
  db-data:

configs:
  db_backup:
    name: \${STACK_NAME}_db_backup_\${DB_BACKUP_VERSION}
    file: backup.sh

secrets:
  db_password:
    external: true
    name: \${STACK_NAME}_db_pw_\${SECRET_DB_PASSWORD_VERSION}
`,
  'compose.search.yml': `services:
  search:
    image: search:1
    networks: [internal]
    secrets: [search_key]
    command: >
      search
      --key-file /run/secrets/search_key
      --price $$5
secrets:
  search_key:
    external: true
    name: \${STACK_NAME}_search_key_\${SECRET_SEARCH_KEY_VERSION}
`,
  'compose.mail.yml': `services:
  app:
    secrets: [mail_password]
secrets:
  mail_password:
    external: true
    name: \${STACK_NAME}_mail_password_\${SECRET_MAIL_PASSWORD_VERSION}
`,
  'entrypoint.sh.tmpl': '#!/bin/sh\nexport KEY={{ secret "key_base" }}\n',
  'backup.sh': '#!/bin/sh\n',
}
