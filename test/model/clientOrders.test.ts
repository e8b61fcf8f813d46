import { expect, test } from 'vitest'
import { isOrder } from '../../src/model/clientOrders.ts'

test('R-DKR-15 a variable of a pull request is no order to the engine’s client, nor to what loads programs', () => {
  const orders = [
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'DOCKER_HOST',
    'DOCKER_CONFIG',
    'DOCKER_CONTEXT',
    'DOCKER_TLS_VERIFY',
    'DOCKER_CLI_PLUGIN_EXTRA_DIRS',
    'PYTHONPATH',
    'GCONV_PATH',
  ]
  expect(orders.filter((name) => !isOrder(name))).toEqual([])
  const values = [
    'DOMAIN',
    'STACK_NAME',
    'COMPOSE_FILE',
    'COMPOSE_PROFILES',
    'DOCKER_VERSION',
    'TZ',
    'LDAP_HOST',
  ]
  expect(values.filter(isOrder)).toEqual([])
})
