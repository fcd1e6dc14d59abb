/** What the id token and user info say, as one: the id token counts more. */
type Claims = Readonly<Record<string, unknown>>;

/** Something, and whether it is verified (OpenID Connect Core section 5.1). */
const pairs = [
  ['email', 'email_verified'],
  ['phone_number', 'phone_number_verified'],
] as const;

/** A pair is of one of the two: whether an address is verified says nothing of the address that the other one has. */
export function joinClaims(idToken: Claims, info: Claims): Claims {
  const saying = (names: readonly string[]): Claims | undefined =>
    [idToken, info].find((claims) => names.every((name) => Object.hasOwn(claims, name)));
  const joined: Record<string, unknown> = { ...info, ...idToken };
  for (const pair of pairs) {
    const said = saying(pair) ?? saying(pair.slice(0, 1));
    for (const name of pair) joined[name] = said?.[name];
  }
  return joined;
}
