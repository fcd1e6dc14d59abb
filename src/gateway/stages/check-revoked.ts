/** Has the token been revoked, by itself or with its subject or client? Runs on every request, however well cached. */
import { faults } from '../../core/faults.ts';
import { bearerRefusal } from '../security/challenge.ts';
import type { StageFactory } from '../stage.ts';

export const checkRevoked: StageFactory = (resource, _api, { revoked }) => {
  if (resource.authType === 'None') return null;
  return (x) =>
    x.principal !== null && revoked.isRevoked(x.principal.identity)
      ? bearerRefusal(faults.invalidCredentials, 'The access token has been revoked.')
      : undefined;
};
