/** XML as we write it: elements with attributes, and in each either text or elements. */

/** What `element` has made: markup, in which nothing is to be escaped any more. */
export class Xml {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * @param name with its prefix
 * @param attributes those without a value are left out
 * @param content a string is text
 */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  content: string | Xml | readonly Xml[] = '',
): Xml {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === undefined ? '' : ` ${key}="${escaped(value)}"`,
  );
  const inner =
    typeof content === 'string'
      ? escaped(content)
      : [content]
          .flat()
          .map(({ text }) => text)
          .join('');
  return new Xml(`<${name}${written.join('')}>${inner}</${name}>`);
}

// A reader makes spaces of the line ends and tabs that stand in attributes, unless they are written like this.
const escaped = (text: string): string => text.replace(/[&<>"\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
