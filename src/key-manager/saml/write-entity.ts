/** Metadata as a document: an entity in one role (SAML metadata section 2.3.2). */
import { element, type Xml } from '../../adapters/xml/write-xml.ts';
import { samlMetadata } from '../../core/saml.ts';

export function writeEntity(entityId: string, role: Xml): string {
  const { text } = element('md:EntityDescriptor', { 'xmlns:md': samlMetadata, entityID: entityId }, role);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${text}\n`;
}
