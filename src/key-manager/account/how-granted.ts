/** How an application came to act for a user, in words. */
import { saml2Bearer } from '../../core/saml.ts';

/** By grant. Codes are given where a user has agreed, which is said with its time. */
const words: Readonly<Record<string, string>> = {
  password: 'you gave it your password',
  implicit: 'you logged in for it',
  authorization_code: 'you logged in for it',
  'urn:ietf:params:oauth:grant-type:device_code': 'you let its device in',
  'urn:ietf:params:oauth:grant-type:token-exchange': 'it exchanged a token of another application',
  'urn:ietf:params:oauth:grant-type:jwt-bearer': 'an issuer of JWTs that is trusted here spoke for you',
  [saml2Bearer]: 'an identity provider spoke for you (SAML)',
};

/** @param grants by which it has tokens; of your own, too (`tokens.customGrants`) */
export function howGranted(grants: readonly string[], hasAgreed: boolean): readonly string[] {
  const others = hasAgreed ? grants.filter((one) => one !== 'authorization_code' && one !== 'implicit') : grants;
  return [
    ...new Set(others.map((one) => (Object.hasOwn(words, one) ? (words[one] as string) : `by the grant ${one}`))),
  ];
}
