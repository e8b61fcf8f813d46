import { expect, test } from 'vitest'
import { checkTracing, isTraced } from '../../src/tracing/configured.ts'

const HERE = 'http://localhost:4318'

test.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: HERE }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${HERE}/v1/traces` }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: HERE, OTEL_SDK_DISABLED: 'true' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: HERE, OTEL_TRACES_EXPORTER: 'none' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: HERE, OTEL_TRACES_EXPORTER: 'otlp' }, true],
])('R-OBS-02 %j names a collector: %s', (env, expected) => {
  expect(isTraced(env)).toBe(expected)
  expect(() => checkTracing(env)).not.toThrow()
})

test('R-OBS-02 what could never reach a collector is refused, all of it at once', () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: HERE,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'collector:4317',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_TRACES_EXPORTER: 'zipkin',
  }
  expect(() => checkTracing(env)).toThrow(
    expect.objectContaining({
      faults: [
        expect.stringMatching(/^OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be an address/),
        expect.stringMatching(/^OTEL_EXPORTER_OTLP_PROTOCOL is grpc, .* OTEL_TRACES_EXPORTER=none$/),
        'OTEL_TRACES_EXPORTER must be otlp or none, and is zipkin',
      ],
    }),
  )
  expect(() => checkTracing({ ...env, OTEL_SDK_DISABLED: 'true' })).not.toThrow()
})
