/** What a publisher's client has to know of this installation. */
import type { ControlPlaneDeps } from '../../deps.ts';
import { type Environment, publisher, type Settings } from '../../rest/definitions/publisher.ts';
import { type Operations, ok } from '../../rest/operation.ts';
import { requireNamedApi } from '../../services/apis/api-access.ts';
import { environment } from '../../services/apis/api-defaults.ts';

export const settings: Operations = {
  'GET /settings': async (_call, deps) => {
    const answer: Settings = {
      storeUrl: `${deps.publicUrl}/devportal`,
      environment: [gateway(deps)],
      scopes: [...new Set(publisher.operations.flatMap(({ scopes }) => scopes ?? []))].sort(),
      monetizationAttributes: [],
      securityAuditProperties: {},
      externalStoresEnabled: false,
    };
    return ok(answer);
  },

  'GET /settings/gateway-environments': async (call, deps) => {
    await requireNamedApi(deps.store.db, call.caller, call.query('apiId') ?? '');
    return ok({ count: 1, list: [gateway(deps)] });
  },
};

/** All gateways that follow this control plane are one environment. */
function gateway({ gatewayUrls, publicUrl }: ControlPlaneDeps): Environment {
  return {
    name: environment,
    type: 'hybrid',
    serverUrl: publicUrl,
    showInApiConsole: true,
    endpoints: { http: gatewayUrls.http, https: gatewayUrls.https },
  };
}
