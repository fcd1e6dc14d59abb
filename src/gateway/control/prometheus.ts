/** The gateway's figures in Prometheus' text format. */
import { type ApiCounts, latencyBounds, places } from '../record/request-metrics.ts';

/** A figure of the process as a whole. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly value: number;
}

export function renderMetrics(counts: readonly ApiCounts[], gauges: readonly Gauge[]): string {
  const apis = [...merge(counts).values()];
  const lines: string[] = [];
  const family = (name: string, type: string, help: string): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  };

  family('postern_requests_total', 'counter', 'Requests by API and class of status (0 = the client went away).');
  for (const api of apis) {
    api.counts.subarray(places.statuses, places.latency).forEach((count, cls) => {
      if (count > 0)
        lines.push(`postern_requests_total{${label(api)},status="${cls === 0 ? '0' : `${cls}xx`}"} ${count}`);
    });
  }
  family('postern_faults_total', 'counter', 'Refusals by API and fault code.');
  for (const api of apis) {
    for (const [code, count] of Object.entries(api.faults)) {
      lines.push(`postern_faults_total{${label(api)},code="${code}"} ${count}`);
    }
  }
  family('postern_request_seconds', 'histogram', 'Time from the request to the end of its answer.');
  for (const api of apis) {
    let sum = 0;
    api.counts.subarray(places.latency, places.latencySum).forEach((count, at) => {
      sum += count;
      lines.push(`postern_request_seconds_bucket{${label(api)},le="${latencyBounds[at] ?? '+Inf'}"} ${sum}`);
    });
    lines.push(`postern_request_seconds_sum{${label(api)}} ${api.counts[places.latencySum]}`);
    lines.push(`postern_request_seconds_count{${label(api)}} ${sum}`);
  }
  family('postern_backend_seconds', 'summary', 'Time from calling the back end to the end of its answer.');
  for (const api of apis) {
    lines.push(`postern_backend_seconds_sum{${label(api)}} ${api.counts[places.backendSum]}`);
    lines.push(`postern_backend_seconds_count{${label(api)}} ${api.counts[places.backendCalls]}`);
  }
  family('postern_tunnels', 'gauge', 'Connections that have switched to another protocol (WebSocket) and are open.');
  for (const api of apis) lines.push(`postern_tunnels{${label(api)}} ${api.counts[places.tunnels]}`);
  for (const { name, help, type, value } of gauges) {
    family(name, type, help);
    // As Prometheus spells it.
    lines.push(`${name} ${value === Number.POSITIVE_INFINITY ? '+Inf' : value}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Adds up what several threads have counted for one API. */
function merge(counts: readonly ApiCounts[]): Map<string, ApiCounts> {
  const merged = new Map<string, ApiCounts>();
  for (const one of counts) {
    const id = label(one);
    const sum = merged.get(id);
    if (!sum) {
      merged.set(id, structuredClone(one));
      continue;
    }
    one.counts.forEach((count, at) => void (sum.counts[at] = (sum.counts[at] ?? 0) + count));
    for (const [code, count] of Object.entries(one.faults)) {
      sum.faults[Number(code)] = (sum.faults[Number(code)] ?? 0) + count;
    }
  }
  return merged;
}

function label({ api, version }: ApiCounts): string {
  return `api="${quote(api)}",version="${quote(version)}"`;
}

function quote(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
