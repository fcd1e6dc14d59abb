/**
 * XML that strangers send. What documents for machines have no need of is refused before anything is parsed: document
 * types with their entities, comments, CDATA sections and processing instructions, by which one reader can be made to see
 * something else than another.
 */
import type { XmlElement, XmlNode } from '@xmldom/xmldom';

/** The text is no XML, or has what is not read. */
export class XmlError extends Error {
  override name = 'XmlError';
}

/** Levels of elements in elements at most: those that walk through them call themselves. */
const maxDepth = 64;

/**
 * Elements at most: whoever verifies a signature walks over all of them several times, and nobody else is answered meanwhile. A user
 * of 900 groups fits in.
 */
const mostElements = 1000;

/** Of one element. */
const mostAttributes = 64;

/** Characters of what the parser says; it quotes the text. */
const longestReason = 200;

const elementNode = 1;
const textNode = 3;

export interface ParseOptions {
  /** Whether comments are taken, which people write; they are no part of any text. Default false. */
  readonly comments?: boolean;
  /** Elements at most. Default `mostElements` */
  readonly elements?: number;
}

/** The root element. @throws XmlError */
export async function parseXml(
  text: string,
  { comments = false, elements = mostElements }: ParseOptions = {},
): Promise<XmlElement> {
  const whole = text.replace(/^\uFEFF/, '').replace(/^<\?xml(?:\s[^?<>]*)?\?>/, '');
  const body = comments ? whole.replace(/<!--(?:(?!--).)*-->/gs, '') : whole;
  if (body.includes('<!')) throw new XmlError('it has a document type, a comment or a CDATA section');
  if (body.includes('<?')) throw new XmlError('it has a processing instruction');
  if (/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(body)) {
    throw new XmlError('it has characters that XML does not have');
  }
  checkSize(body, elements);
  const root = await parse(body);
  refuseStrangeNodes(root);
  return root;
}

/** A tag whole, with its attributes; what is between tags has no `<`. */
const tag = /<(?<end>\/?)[^\s<>/="']+(?<attributes>(?:\s+[^\s<>/="']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?<empty>\/?)>/y;

/** Before anything is parsed, which takes long if there is much of it. */
function checkSize(text: string, most: number): void {
  let elements = 0;
  let depth = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', tag.lastIndex)) {
    tag.lastIndex = at;
    const { end, attributes = '', empty } = tag.exec(text)?.groups ?? {};
    if (end === undefined) throw new XmlError('it is not well-formed');
    if (end !== '') {
      depth--;
      continue;
    }
    elements++;
    if (elements > most) throw new XmlError(`it has more than ${most} elements`);
    if (depth >= maxDepth) throw new XmlError(`it has more than ${maxDepth} levels`);
    if (empty === '') depth++;
    if ((attributes.match(/=\s*["']/g)?.length ?? 0) > mostAttributes) {
      throw new XmlError(`it has an element with more than ${mostAttributes} attributes`);
    }
  }
}

async function parse(text: string): Promise<XmlElement> {
  const { DOMParser } = await import('@xmldom/xmldom');
  const fail = (message: unknown) => {
    throw new XmlError(`it is not well-formed: ${String(message).split('\n')[0]?.slice(0, longestReason)}`);
  };
  const parser = new DOMParser({ locator: {}, errorHandler: { warning: fail, error: fail, fatalError: fail } });
  let document: XmlNode | undefined;
  try {
    document = parser.parseFromString(text, 'text/xml');
  } catch (error) {
    if (error instanceof XmlError) throw error;
    throw new XmlError('it is not well-formed');
  }
  const nodes = Array.from(document?.childNodes ?? []);
  const [root, ...others] = nodes.filter((node) => node.nodeType !== textNode || node.nodeValue?.trim() !== '');
  if (root?.nodeType !== elementNode || others.length > 0) throw new XmlError('expected one root element');
  return root as XmlElement;
}

/** Elements and text only. */
function refuseStrangeNodes(element: XmlElement): void {
  for (let node = element.firstChild; node; node = node.nextSibling) {
    if (node.nodeType === elementNode) refuseStrangeNodes(node as XmlElement);
    else if (node.nodeType !== textNode) throw new XmlError('it has something besides elements and text');
  }
}
