/** What service providers have to know of us (SAML metadata section 2.4.3). */
import { element } from '../../adapters/xml/write-xml.ts';
import { postBinding, redirectBinding, samlProtocol } from '../../core/saml.ts';
import type { KeyManager } from '../call.ts';
import { writeEntity } from '../saml/write-entity.ts';
import { writeKey } from '../saml/write-key.ts';
import { nameFormats } from './name-format.ts';
import { ownEntityId, signOnPath } from './own-addresses.ts';
import { ownKeys } from './own-keys.ts';

export async function writeMetadata(km: KeyManager): Promise<string> {
  const keys = await ownKeys(km);
  const service = (Binding: string) =>
    element('md:SingleSignOnService', { Binding, Location: km.options.publicUrl + signOnPath });
  const role = element(
    'md:IDPSSODescriptor',
    { protocolSupportEnumeration: samlProtocol, WantAuthnRequestsSigned: 'false' },
    [
      ...keys.map(({ certificate }) => writeKey(certificate)),
      ...nameFormats.map((format) => element('md:NameIDFormat', {}, format)),
      service(redirectBinding),
      service(postBinding),
    ],
  );
  return writeEntity(ownEntityId(km.options), role);
}
