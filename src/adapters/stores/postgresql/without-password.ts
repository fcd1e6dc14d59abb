/** The address of a database as it may be shown. */
export function withoutPassword(text: string): string {
  if (!URL.canParse(text)) return 'the address in store.url';
  const url = new URL(text);
  return `postgresql://${url.host}${url.pathname}`;
}
