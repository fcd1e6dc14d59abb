/** How long the tokens of a consumer key may be valid: within what the key manager is configured for. */
import type { ClientValidity } from '../../../adapters/stores/clients.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { KeyManager } from '../../key-manager.ts';

/** As the portal's forms and exported applications call them. */
export const validityNames: Readonly<Record<keyof ClientValidity, string>> = {
  application_validity: 'application_access_token_expiry_time',
  user_validity: 'user_access_token_expiry_time',
  refresh_validity: 'refresh_token_expiry_time',
};

/** @throws RestError 400 for what is above the maximum, or not above the skew */
export function checkValidity(
  validity: ClientValidity,
  { maxValidity, timestampSkew }: Pick<KeyManager, 'maxValidity' | 'timestampSkew'>,
): void {
  const { application_validity: ofApplication } = validity;
  if (maxValidity >= 0 && ofApplication !== null && (ofApplication < 0 || ofApplication > maxValidity)) {
    throw new RestError(400, `${validityNames.application_validity}: expected at most ${maxValidity} seconds.`);
  }
  for (const [column, seconds] of Object.entries(validity)) {
    if (seconds === null || seconds < 0 || seconds > timestampSkew) continue;
    const name = validityNames[column as keyof ClientValidity];
    throw new RestError(400, `${name}: expected more than the ${timestampSkew} seconds of the skew, got ${seconds}.`);
  }
}
