/** The field `SAMLResponse` of the form that a browser brings (SAML bindings section 3.5.4): base64 of XML. */
import { isElement } from '../../../adapters/xml/elements.ts';
import { parseXml } from '../../../adapters/xml/parse-xml.ts';
import { samlProtocol } from '../../../core/saml.ts';
import { refuse, refuseXml } from '../../saml/assertion.ts';
import { readUtf8 } from '../../saml/read-utf8.ts';
import type { ReceivedResponse } from './response.ts';

/** @throws SamlRefusal */
export async function readResponse(field: string): Promise<ReceivedResponse> {
  // Some break it into lines.
  const base64 = field.replace(/[\t\n\r ]/g, '');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== base64) return refuse('expected base64');
  const text = readUtf8(bytes) ?? refuse('expected UTF-8');
  const root = await parseXml(text).catch(refuseXml);
  if (!isElement(root, samlProtocol, 'Response')) return refuse('the root is no Response of SAML 2.0');
  return { text, root };
}
