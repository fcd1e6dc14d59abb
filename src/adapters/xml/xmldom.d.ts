/** What is used of @xmldom/xmldom. Its own types would bring those of a browser into the whole program. */

export interface XmlNode {
  /** 1 = an element, 3 = text. */
  readonly nodeType: number;
  readonly nodeValue: string | null;
  readonly parentNode: XmlNode | null;
  readonly firstChild: XmlNode | null;
  readonly nextSibling: XmlNode | null;
  readonly childNodes: ArrayLike<XmlNode>;
  readonly textContent: string | null;
}

export interface XmlElement extends XmlNode {
  readonly localName: string;
  readonly namespaceURI: string | null;
  getAttribute(name: string): string | null;
  hasAttribute(name: string): boolean;
}

export declare class DOMParser {
  constructor(options: {
    readonly locator: object;
    readonly errorHandler: Readonly<Record<'warning' | 'error' | 'fatalError', (message: unknown) => void>>;
  });
  /** Undefined where there is no element at all. */
  parseFromString(text: string, type: 'text/xml'): XmlNode | undefined;
}
