import { expect, test } from 'vitest'
import { familiarName } from '../../../src/drivers/docker/imageName.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test.each([
  ['nginx', 'nginx:latest'],
  ['nginx:1.25', 'nginx:1.25'],
  ['docker.io/library/nginx', 'nginx:latest'],
  ['index.docker.io/acme/site:2', 'acme/site:2'],
  ['library/nginx:1', 'nginx:1'],
  ['127.0.0.1:5000/box', '127.0.0.1:5000/box:latest'],
  ['127.0.0.1:5000/box:1', '127.0.0.1:5000/box:1'],
  ['registry.test/library/box:1', 'registry.test/library/box:1'],
  [`nginx:1.25@${DIGEST}`, `nginx@${DIGEST}`],
  [`127.0.0.1:5000/box@${DIGEST}`, `127.0.0.1:5000/box@${DIGEST}`],
])('R-DKR-16 the engine lists %s as %s', (image, name) => {
  expect(familiarName(image)).toBe(name)
})
