/**
 * Has an administrator shut this request or its caller out? Two stages: what needs no caller is asked before one is
 * looked for, so that a flood from a denied address costs next to nothing.
 */
import { fault, faults } from '../../core/faults.ts';
import type { StageFactory } from '../stage.ts';

const denied = fault(faults.denied);

/** By address, and by API. */
export const denyRequest: StageFactory = (_resource, { api, builtIn }, { denyRules }) => {
  if (builtIn) return null;
  const name = api.version === '' ? api.context : `${api.context}/${api.version}`;
  return (x) => (denyRules.aboutRequests && denyRules.deniesRequest(name, x.clientAddress) ? denied : undefined);
};

/** By user, and by application. */
export const denyCaller: StageFactory = (resource, _api, { denyRules }) => {
  if (resource.authType === 'None') return null;
  return (x) => {
    if (!denyRules.aboutCallers || x.principal === null) return undefined;
    return denyRules.deniesCaller(x.principal.subject, x.application) ? denied : undefined;
  };
};
