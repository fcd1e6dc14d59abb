/** Has the token been revoked, by itself or with its subject or client? Runs on every request, however well cached. */
import { fault, faults } from '../../core/faults.ts';
import { accepted } from '../security/accepted.ts';
import { bearerRefusal, challengeAll } from '../security/challenge.ts';
import type { StageFactory } from '../stage.ts';

export const checkRevoked: StageFactory = (resource, { api }, { revoked, options }) => {
  if (resource.authType === 'None') return null;
  const { schemes } = accepted(resource, api, options);
  const token = challengeAll(bearerRefusal(faults.invalidCredentials, 'The access token has been revoked.'), schemes);
  const key = challengeAll(fault(faults.invalidCredentials, 'The API key has been revoked.'), schemes);
  return (x) => {
    if (x.principal === null || !revoked.isRevoked(x.principal.identity)) return undefined;
    return x.principal.use === 'API key' ? key : token;
  };
};
