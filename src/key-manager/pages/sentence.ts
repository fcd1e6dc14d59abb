/** What an error says, as a page has it. */

/** A sentence, unless it begins with the name of a parameter: that is written as it is. */
export const sentence = (message: string): string =>
  `${/^\w*(?:_|:)/.test(message) ? message.charAt(0) : message.charAt(0).toUpperCase()}${message.slice(1)}.`;
