/** Sends the request on, to the endpoint for the caller's type of key. */
import type { Api, Endpoint } from '../../core/api.ts';
import type { KeyType } from '../../core/application.ts';
import { type Fault, fault, faults } from '../../core/faults.ts';
import type { Field, ForwardFailure, Upstream } from '../../wire/wire.ts';
import type { Deps } from '../deps.ts';
import type { Exchange } from '../exchange.ts';
import { type StageFactory, taken } from '../stage.ts';

export const callBackend: StageFactory = (_resource, { api, builtIn }, deps) => {
  const production = prepare(api.endpoints.production, deps);
  const sandbox = prepare(api.endpoints.sandbox, deps);
  const missing = { PRODUCTION: noEndpoint(api, 'PRODUCTION'), SANDBOX: noEndpoint(api, 'SANDBOX') };
  // The token was for the gateway. Only the key manager gets the client's own credentials.
  const remove = builtIn ? [] : ['authorization'];
  return (x) => {
    const backend = x.keyType === 'PRODUCTION' ? production : sandbox;
    if (backend === null) return missing[x.keyType];
    x.backendStarted = performance.now();
    x.wire.forward(
      {
        upstream: backend.upstream,
        target: join(backend.path, x.rest),
        remove,
        set: forwarded(x),
        timeout: backend.timeout,
      },
      x,
    );
    return taken;
  };
};

/** The refusal for a back end that failed before the client had any of its answer. */
export function failureFault(failure: Exclude<ForwardFailure, 'client-gone'>, x: Exchange): Fault {
  if (x.route?.api.builtIn) return fault(faults.keyManagerUnreachable);
  switch (failure) {
    case 'unreachable':
      return fault(faults.backendUnreachable);
    case 'timeout':
      return fault(faults.backendTimeout);
    case 'closed':
      return fault(faults.backendClosed);
    case 'malformed':
      return fault(faults.backendMalformed);
  }
}

interface Backend {
  readonly upstream: Upstream;
  /** Path of the endpoint's URL, without a slash at its end. */
  readonly path: string;
  readonly timeout: number;
}

function prepare(endpoint: Endpoint | undefined, deps: Deps): Backend | null {
  if (!endpoint) return null;
  const url = new URL(endpoint.url);
  return {
    upstream: deps.upstream(url.origin),
    path: url.pathname.replace(/\/+$/, ''),
    timeout: endpoint.timeout ?? deps.options.gateway.backend.timeout,
  };
}

/** `rest` is a path, a query, both or nothing; a request target is never empty (RFC 9112 3.2.1). */
function join(path: string, rest: string): string {
  return rest.startsWith('/') || path !== '' ? path + rest : `/${rest}`;
}

/** Who asked, by which address and scheme: de facto `X-Forwarded-*`, appended to what a proxy before us has said. */
function forwarded(x: Exchange): readonly Field[] {
  const { wire } = x;
  const before = wire.header('x-forwarded-for');
  return [
    ['x-forwarded-for', before === undefined ? wire.remoteAddress : `${before}, ${wire.remoteAddress}`],
    ['x-forwarded-proto', wire.secure ? 'https' : 'http'],
    ['x-forwarded-host', wire.host],
  ];
}

function noEndpoint(api: Api, keyType: KeyType): Fault {
  const type = keyType.toLowerCase();
  return fault(
    faults.noEndpoint,
    `A ${type} key was offered to the API ${api.name} ${api.version}, which has no ${type} endpoint.`,
  );
}
