/** The field `SAMLResponse` of the form that a browser brings (SAML bindings section 3.5.4): base64 of XML. */
import { isElement } from '../../../adapters/xml/elements.ts';
import { parseXml, XmlError } from '../../../adapters/xml/parse-xml.ts';
import { samlProtocol } from '../../../core/saml.ts';
import { refuse } from '../../saml/assertion.ts';
import type { ReceivedResponse } from './response.ts';

/** @throws SamlRefusal */
export async function readResponse(field: string): Promise<ReceivedResponse> {
  // Some break it into lines.
  const base64 = field.replace(/[\t\n\r ]/g, '');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== base64) return refuse('expected base64');
  const text = decode(bytes);
  const root = await parseXml(text).catch((error) =>
    error instanceof XmlError ? refuse(error.message) : Promise.reject(error),
  );
  if (!isElement(root, samlProtocol, 'Response')) return refuse('the root is no Response of SAML 2.0');
  return { text, root };
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('expected UTF-8');
  }
}
