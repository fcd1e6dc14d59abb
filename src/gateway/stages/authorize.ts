/** Does the token have a scope that the resource needs, and is it the token of whom the resource wants? */
import { faults } from '../../core/faults.ts';
import { bearerRefusal, scopeRefusal } from '../security/challenge.ts';
import type { StageFactory } from '../stage.ts';

export const authorize: StageFactory = ({ authType, scopes }) => {
  if (authType === 'None' || (authType === 'Any' && scopes.length === 0)) return null;
  const wanted =
    authType === 'Application' ? 'APPLICATION' : authType === 'Application User' ? 'APPLICATION_USER' : null;
  const wrongType = bearerRefusal(faults.wrongTokenType);
  const noScope = scopeRefusal(scopes);
  return ({ principal }) => {
    if (principal === null) return wrongType;
    if (wanted !== null && principal.userType !== wanted) return wrongType;
    if (principal.scopes === null) return undefined;
    // Any one of the resource's scopes will do.
    for (const scope of scopes) if (principal.scopes.has(scope)) return undefined;
    return scopes.length === 0 ? undefined : noScope;
  };
};
