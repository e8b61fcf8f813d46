import { readFileSync } from 'node:fs'
import { type HrTime, type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import { fieldsOf, textOf } from '../model/read.ts'
import type { Attributes } from './attributes.ts'
import type { RunTrace, TraceSpan } from './spans.ts'

/** The only file that knows OpenTelemetry's SDK. Imported where traces are wanted, and nowhere else: it costs a tenth of a second. */
export interface Exporter {
  /** Resolves when the collector has it. Addresses, headers, certificates, compression and time are OpenTelemetry's own variables. */
  readonly export: (trace: RunTrace) => Promise<void>
}

const PACKAGE = new URL('../../package.json', import.meta.url)
const VERSION = textOf(fieldsOf(JSON.parse(readFileSync(PACKAGE, 'utf8')), 'package.json'), 'version')

type ReadableSpan = Parameters<OTLPTraceExporter['export']>[0][number]
type Resource = ReadableSpan['resource']

/** Refused for good: the same would be refused again. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

export function openExporter(): Exporter {
  const exporter = new OTLPTraceExporter()
  const own = resourceFromAttributes({ 'service.name': 'berth', 'service.version': VERSION })
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector]
  const service = defaultResource().merge(own).merge(detectResources({ detectors }))
  return {
    export: ({ resource, spans }) =>
      new Promise((resolve, reject) => {
        const whole = service.merge(resourceFromAttributes(valuesOf(resource)))
        exporter.export(
          spans.map((span) => readable(span, whole)),
          ({ code, error }) => (code === SUCCESS ? resolve() : reject(faultOf(error))),
        )
      }),
  }
}

/** `ExportResultCode.SUCCESS` of a package that we need for nothing else. */
const SUCCESS = 0

/** HTTP's words for "not now" are the only ones of its 400s that another attempt may change. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 429])

function faultOf(error: Error | undefined): Error {
  const code = error !== undefined && 'code' in error ? error.code : null
  const isStatus = typeof code === 'number' && code >= 400
  const text = isStatus ? `HTTP ${code}` : error?.message || String(code ?? 'no answer')
  return isStatus && code < 500 && !NOT_NOW.has(code) ? new RefusedError(text) : new Error(text)
}

function readable(span: TraceSpan, resource: Resource): ReadableSpan {
  const { name, parentId, isError, attributes, startedAtMs, endedAtMs } = span
  return {
    name,
    kind: KINDS[span.kind],
    spanContext: () => contextOf(span, span.spanId),
    ...(parentId === null ? {} : { parentSpanContext: contextOf(span, parentId) }),
    startTime: timeOf(startedAtMs),
    endTime: timeOf(endedAtMs),
    duration: timeOf(endedAtMs - startedAtMs),
    status: { code: isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: valuesOf(attributes),
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'berth', version: VERSION },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

const KINDS = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const

function contextOf({ traceId }: TraceSpan, spanId: string): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED }
}

function timeOf(ms: number): HrTime {
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6]
}

function valuesOf(attributes: Attributes): ReadableSpan['attributes'] {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  )
}
