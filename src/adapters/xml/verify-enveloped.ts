/**
 * Verifies the signature that an element has about itself (SAML core section 5.4). Who reads the result sees what was signed
 * and nothing else: it is made from the very bytes over which the signature is.
 */
import type { KeyObject } from 'node:crypto';
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childElements, childrenOf, everyElement, isElement } from './elements.ts';
import { parseXml, XmlError } from './parse-xml.ts';
import { algorithms, envelopedSignature, exclusiveCanonicalization, xmlSignature } from './signature-algorithms.ts';

export interface Expected {
  /** Any of which may have signed. The certificate in the signature itself is not looked at. */
  readonly keys: readonly KeyObject[];
  /** Attribute by which the signature refers to the element. */
  readonly idAttribute: string;
  readonly allowSha1: boolean;
  /** Elements in it that may have a signature about themselves, which is not verified here. Default: none. */
  readonly inner?: readonly XmlElement[];
}

/**
 * @param text as it was received; @param element the root of what `parseXml` made of it, or one below
 * @returns it without its signature
 * @throws XmlError
 */
export async function verifyEnveloped(text: string, element: XmlElement, expected: Expected): Promise<XmlElement> {
  const signature = onlySignature(element, expected.inner);
  const id = attributeOf(element, expected.idAttribute);
  if (!id) throw new XmlError('the element has no ID to which its signature could refer');
  checkProfile(signature, id, expected.allowSha1);
  for (const key of expected.keys) {
    const signed = await signedBytes(text, signature, key, expected);
    if (signed === null) continue;
    const read = await parseXml(signed);
    if (attributeOf(read, expected.idAttribute) !== id || read.localName !== element.localName) break;
    return read;
  }
  throw new XmlError('the signature is wrong, or it is by another key');
}

/** The signatures directly in an element. */
export const signaturesOf = (element: XmlElement): XmlElement[] => childrenOf(element, xmlSignature, 'Signature');

function onlySignature(element: XmlElement, inner: readonly XmlElement[] = []): XmlElement {
  const about = new Set<unknown>(inner);
  const [signature, ...others] = everyElement(element).filter(
    (one) => isElement(one, xmlSignature, 'Signature') && !about.has(one.parentNode),
  );
  if (!signature) throw new XmlError('it is not signed');
  if (others.length > 0 || signature.parentNode !== element) {
    throw new XmlError('expected one signature, directly in the element that is signed');
  }
  return signature;
}

/** One reference, to the element itself; nothing that changes what is signed beyond what the profile allows. */
function checkProfile(signature: XmlElement, id: string, allowSha1: boolean): void {
  const names = childElements(signature).map((child) => child.localName);
  if (!/^SignedInfo SignatureValue(?: KeyInfo)?$/.test(names.join(' '))) {
    throw new XmlError('expected SignedInfo, SignatureValue and KeyInfo in the signature');
  }
  const info = only(signature, 'SignedInfo');
  const parts = childElements(info).map((child) => child.localName);
  if (parts.join(' ') !== 'CanonicalizationMethod SignatureMethod Reference') {
    throw new XmlError('expected one reference in the signature');
  }
  const allowed = algorithms({ allowSha1 });
  expect(algorithmOf(only(info, 'CanonicalizationMethod')), [exclusiveCanonicalization], 'canonicalization');
  const method = only(info, 'SignatureMethod');
  expect(algorithmOf(method), Object.keys(allowed.signatures), 'signature');
  if (childElements(method).length > 0) throw new XmlError('the signature method has parameters');
  const reference = only(info, 'Reference');
  if (attributeOf(reference, 'URI') !== `#${id}`) throw new XmlError('the signature is about another element');
  const transforms = childrenOf(only(reference, 'Transforms'), xmlSignature, 'Transform').map(algorithmOf);
  if (transforms.join(' ') !== `${envelopedSignature} ${exclusiveCanonicalization}`) {
    throw new XmlError('expected the transforms enveloped-signature and exclusive canonicalization');
  }
  expect(algorithmOf(only(reference, 'DigestMethod')), Object.keys(allowed.digests), 'digest');
}

/** The canonical form of what is signed; null when it was not this key. */
async function signedBytes(
  text: string,
  signature: XmlElement,
  key: KeyObject,
  expected: Expected,
): Promise<string | null> {
  const { SignedXml } = await import('xml-crypto');
  const { signatures, digests } = algorithms(expected);
  const check = new SignedXml({ publicCert: key, getCertFromKeyInfo: () => null });
  check.SignatureAlgorithms = signatures;
  check.HashAlgorithms = digests;
  check.idAttributes = [expected.idAttribute];
  const { [exclusiveCanonicalization]: exclusive, [envelopedSignature]: enveloped } = check.CanonicalizationAlgorithms;
  check.CanonicalizationAlgorithms = {
    [exclusiveCanonicalization]: exclusive,
    [envelopedSignature]: enveloped,
  } as typeof check.CanonicalizationAlgorithms;
  try {
    check.loadSignature(signature as unknown as Parameters<typeof check.loadSignature>[0]);
    if (check.checkSignature(text) !== true) return null;
  } catch {
    return null;
  }
  const references = check.getSignedReferences();
  return references.length === 1 ? (references[0] as string) : null;
}

function only(parent: XmlElement, name: string): XmlElement {
  const [element, ...others] = childrenOf(parent, xmlSignature, name);
  if (!element || others.length > 0) throw new XmlError(`expected one ${name} in the signature`);
  return element;
}

const algorithmOf = (element: XmlElement): string => attributeOf(element, 'Algorithm') ?? '';

function expect(found: string, allowed: readonly string[], what: string): void {
  if (!allowed.includes(found)) throw new XmlError(`the ${what} algorithm ${found} is not taken`);
}
