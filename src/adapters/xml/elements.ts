/** How elements are found: by namespace and name, among the children of one. */
import type { XmlElement } from '@xmldom/xmldom';

export function childElements(parent: XmlElement): XmlElement[] {
  return Array.from(parent.childNodes).filter((node): node is XmlElement => node.nodeType === 1);
}

export function childrenOf(parent: XmlElement, namespace: string, name: string): XmlElement[] {
  return childElements(parent).filter((child) => isElement(child, namespace, name));
}

export function isElement(element: XmlElement, namespace: string, name: string): boolean {
  return element.localName === name && element.namespaceURI === namespace;
}

/** Everywhere below it, and itself. */
export function everyElement(root: XmlElement): XmlElement[] {
  return [root, ...childElements(root).flatMap(everyElement)];
}

/** The value of an attribute without a namespace; null = it has none. */
export function attributeOf(element: XmlElement, name: string): string | null {
  return element.hasAttribute(name) ? element.getAttribute(name) : null;
}

/** The text of an element that has no elements in it; null = it has some. */
export function textOf(element: XmlElement): string | null {
  return childElements(element).length > 0 ? null : (element.textContent ?? '');
}
