/** Sends the request on, to the endpoint for the caller's type of key. */
import { performance } from 'node:perf_hooks';
import type { Api, Endpoint } from '../../core/api.ts';
import type { KeyType } from '../../core/application.ts';
import { type Fault, fault, faults } from '../../core/faults.ts';
import type { ForwardFailure } from '../../wire/wire.ts';
import { Backend, joinTarget } from '../backends/backend.ts';
import type { Deps } from '../deps.ts';
import type { Exchange } from '../exchange.ts';
import { tellKeyManager } from '../forwarding/tell-backend.ts';
import { usualCertificateHeader } from '../options.ts';
import { accepted, anyApiKeys } from '../security/accepted.ts';
import { tokenParameter, withoutParameters } from '../security/query-parameters.ts';
import { type StageFactory, taken } from '../stage.ts';

export const callBackend: StageFactory = (resource, { api, builtIn }, deps) => {
  const production = prepare(resource.endpoints?.production ?? api.endpoints.production, deps);
  const sandbox = prepare(resource.endpoints?.sandbox ?? api.endpoints.sandbox, deps);
  const missing = { PRODUCTION: noEndpoint(api, 'PRODUCTION'), SANDBOX: noEndpoint(api, 'SANDBOX') };
  const { header } = accepted(resource, api, deps.options);
  // A client sends its key also where none is asked for.
  const apiKeys = builtIn ? [] : anyApiKeys(api);
  const keyFields = apiKeys.filter((place) => place.in === 'header').map(({ name }) => name);
  const keyParameters = apiKeys.filter((place) => place.in === 'query').map(({ name }) => name);
  // The credentials were for the gateway. Only the key manager gets the client's own.
  const removesHeader = deps.options.authConfig.removeAuthHeaderFromOutMessage;
  const credentials = builtIn ? [] : [...(removesHeader ? [header] : []), ...keyFields];
  // What a client says of its certificate is not for anybody to believe.
  const { clientCertificate } = deps.options.gateway;
  const certificates = [clientCertificate.header, usualCertificateHeader].map((name) => name.toLowerCase());
  const remove = [...new Set([...credentials, ...certificates])];
  // The proof belongs to the token.
  const withProof = removesHeader ? [...remove, 'dpop'] : remove;
  const tell = builtIn ? tellKeyManager : deps.tellBackend;
  return (x) => {
    const backend = x.keyType === 'PRODUCTION' ? production : sandbox;
    if (backend === null) return missing[x.keyType];
    x.backendStarted = performance.now();
    x.backend = backend;
    x.removed = x.principal === null || x.principal.binding === null ? remove : withProof;
    tell(x);
    if (backend.set.length > 0) x.added = [...x.added, ...backend.set];
    if (keyParameters.length > 0) x.rest = withoutParameters(x.rest, keyParameters);
    if (x.wire.upgrade !== null) x.rest = withoutParameters(x.rest, tokenParameters);
    x.firstTarget = x.target = backend.first(x.now);
    forward(x, backend);
    return taken;
  };
};

const tokenParameters = [tokenParameter];

/**
 * A back end could not be connected to, so that it has had nothing of the request: the endpoint's next address gets it.
 * Returns false if there is none.
 */
export function callNext(x: Exchange, now: number): boolean {
  const { backend } = x;
  if (backend === null) return false;
  backend.failed(x.target, now);
  const next = backend.next(x.target, x.firstTarget);
  if (next === -1) return false;
  x.target = next;
  // Not from within what the wire still has to do about the failure.
  setImmediate(forward, x, backend);
  return true;
}

function forward(x: Exchange, backend: Backend): void {
  const target = backend.target(x.target);
  x.wire.forward(
    {
      upstream: target.upstream,
      target: joinTarget(target, x.rest),
      remove: x.removed,
      set: x.added,
      timeout: backend.timeout,
      keepsReserved: x.keepsReserved,
      upgrade: x.route?.api.builtIn === false,
    },
    x,
  );
}

/** The refusal for a back end that failed before the client had any of its answer. */
export function failureFault(failure: Exclude<ForwardFailure, 'client-gone' | 'cut'>, x: Exchange): Fault {
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

function prepare(endpoint: Endpoint | undefined, { upstream, options }: Deps): Backend | null {
  return endpoint ? new Backend(endpoint, upstream, options.gateway.backend.timeout) : null;
}

function noEndpoint(api: Api, keyType: KeyType): Fault {
  const type = keyType.toLowerCase();
  return fault(
    faults.noEndpoint,
    `A ${type} key was offered to the API ${api.name} ${api.version}, which has no ${type} endpoint.`,
  );
}
