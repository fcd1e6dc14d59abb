/** Without the slashes at its end. Not by a regular expression, which takes quadratic time for many slashes elsewhere. */
export function trimSlashes(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 47) end--;
  return text.slice(0, end);
}
