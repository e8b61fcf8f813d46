/**
 * Variables that are orders to the engine's client, or to what loads programs, instead of values for a compose file: with `LD_PRELOAD` a file of the
 * checkout would run as the service's user, with `DOCKER_CONFIG` a plug-in of its own.
 */
const ORDERS =
  /^(?:LD_|DOCKER_(?:HOST|CONTEXT|CONFIG|CERT_PATH|TLS|CLI_|API_VERSION|CONTENT_TRUST|DEFAULT_PLATFORM|BUILDKIT)|COMPOSE_(?:API_VERSION|BAKE|TLS)|BUILDX_|PYTHON|OTEL_|GLIBC_TUNABLES$|GCONV_PATH$|LOCPATH$|NLSPATH$|MALLOC_|GODEBUG$|SSL_CERT_)/

/** Whether no value of a pull request may have this name in a client's environment. */
export function isOrder(name: string): boolean {
  return ORDERS.test(name)
}
