/** Whether the provider signed the request, where its registration says by which certificates it does. */
import { X509Certificate } from 'node:crypto';
import type { XmlElement } from '@xmldom/xmldom';
import { algorithms } from '../../adapters/xml/signature-algorithms.ts';
import { signaturesOf, verifyEnveloped } from '../../adapters/xml/verify-enveloped.ts';
import type { ServiceProvider } from '../../core/service-provider.ts';
import type { Form } from '../form.ts';
import { refuse, refuseXml } from './refuse.ts';

export interface Verified {
  readonly element: XmlElement;
  readonly isSigned: boolean;
}

/**
 * Of the HTTP-POST binding: in the XML.
 * @returns the request as it was signed, or as it came where it is not
 */
export async function verifyPosted(text: string, root: XmlElement, provider: ServiceProvider): Promise<Verified> {
  const isSigned = signaturesOf(root).length > 0;
  if (!isSigned || provider.certificates.length === 0) return unsigned(root, provider);
  const expected = { keys: keysOf(provider), idAttribute: 'ID', allowSha1: false };
  return { element: await verifyEnveloped(text, root, expected).catch(refuseXml), isSigned: true };
}

/** Of the HTTP-Redirect binding: beside the request, over the very characters of the query (SAML bindings section 3.4.4.1). */
export function verifyRedirected(query: string, form: Form, root: XmlElement, provider: ServiceProvider): Verified {
  const [algorithm, signature] = [form.get('SigAlg'), form.get('Signature')];
  if (signature === null || provider.certificates.length === 0) return unsigned(root, provider);
  const { signatures } = algorithms({ allowSha1: false });
  const Verifier = Object.hasOwn(signatures, algorithm ?? '') ? signatures[algorithm ?? ''] : undefined;
  if (!Verifier) return refuse(`the signature algorithm ${algorithm} is not taken`);
  const signed = ['SAMLRequest', 'RelayState', 'SigAlg'].flatMap((name) => rawParameter(query, form, name)).join('&');
  const verifier = new Verifier();
  if (keysOf(provider).some((key) => verifier.verifySignature(signed, key, signature))) {
    return { element: root, isSigned: true };
  }
  return refuse('the signature is wrong, or it is by another key');
}

function unsigned(element: XmlElement, { requireSignedRequests }: ServiceProvider): Verified {
  return requireSignedRequests ? refuse('it is not signed') : { element, isSigned: false };
}

const keysOf = ({ certificates }: ServiceProvider) => certificates.map((pem) => new X509Certificate(pem).publicKey);

/** `name=value` as it stands in the query; nothing, if the parameter isn't there. */
function rawParameter(query: string, form: Form, name: string): string[] {
  const found = query.split('&').filter((pair) => pair.startsWith(`${name}=`));
  // Written in another way it would be read, and not be part of what is verified.
  if (found.length > 1 || (found.length === 0 && form.get(name) !== null)) {
    return refuse(`expected ${name} once, and its name without percent-encoding`);
  }
  return found;
}
