/** What servers and files say, on its way to a terminal: they may hold what a terminal takes as a command. */
import { escapeHidden } from '../core/hidden-characters.ts';

/** On one line: line breaks are written as `\u000a` like everything that is hidden. */
export const printable = (text: string): string => escapeHidden(text);

/** JSON or YAML, whose strings know the same escapes: line breaks and tabs between them stay. */
export const printableDocument = (text: string): string => text.replaceAll(/(?![\n\t])\p{Cc}/gu, escapeHidden);
