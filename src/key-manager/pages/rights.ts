/** What an application may do for a user, in words: the same on every page that says it. */
import { type Html, html } from './html.ts';

/** Of scopes that mean something here; of others their name is shown. In the order in which they are listed. */
const meanings: Readonly<Record<string, string>> = {
  openid: 'know who you are',
  profile: 'see your name',
  email: 'see your e-mail address',
  offline_access: 'act for you while you are away',
};

/** Whoever may act for a user may do the first of them. */
export function rightsOf(scopes: readonly string[]): readonly string[] {
  const known = Object.keys(meanings).filter((name) => scopes.includes(name));
  const others = scopes.filter((name) => !Object.hasOwn(meanings, name));
  const words = [
    ...known.map((name) => meanings[name] as string),
    // What stands behind it is any text, and gives nothing.
    ...others.toSorted().map((name) => (name.startsWith('device_') ? 'keep a token for each of your devices' : name)),
  ];
  return ['call APIs for you', ...new Set(words)];
}

/** To be agreed to. */
export const listOfRights = (scopes: readonly string[]): Html => html`<ul>
${rightsOf(scopes).map((right) => html`<li>${right}</li>`)}
</ul>`;
