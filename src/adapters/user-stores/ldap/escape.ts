/** What users and servers say, written so that it means nothing but itself. */

/** A value in a search filter (RFC 4515 section 3). */
export function escapeFilterValue(value: string): string {
  return value.replaceAll(/[\\*()\0]/g, (char) => `\\${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A filter with values in its places. */
export function fillFilter(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : escapeFilterValue(value);
  });
}

/**
 * The value of the first RDN of a DN (RFC 4514 section 3): `editors` of `cn=editors,ou=groups,dc=example`. What is no DN is
 * the value itself.
 */
export function firstValue(dn: string): string {
  const match = /^[A-Za-z][A-Za-z0-9.-]*=((?:[^\\,+]|\\.)*)[,+]/s.exec(dn);
  if (!match) return dn;
  // A character that stands for itself, or the bytes of UTF-8 in hexadecimal.
  return (match[1] as string)
    .trim()
    .replaceAll(/(?:\\[0-9a-fA-F]{2})+|\\(.)/gs, (whole, char?: string) =>
      char === undefined ? Buffer.from(whole.replaceAll('\\', ''), 'hex').toString('utf8') : char,
    );
}
