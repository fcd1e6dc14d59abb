/** What a control plane says of fields, said of the options that they come from. */
import { RemoteError } from './remote-error.ts';

/** A field of a body, `oidc/scopes` say, and what it is on the command line. */
export type OptionNames = Readonly<Record<string, string>>;

/** How errors of the REST APIs name what was wrong: at the beginning, several with semicolons between. */
const place = /(?<=^|; )(body\/)?([A-Za-z][\w/]*)(?=: )/g;

/**
 * @param names of fields whose options are called otherwise. The others' are taken for the option of the same words: `ssoUrl`, `--sso-url`
 * @throws what `work` throws
 */
export async function inOptions<T>(names: OptionNames, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const message = error.message.replace(place, (whole, body: string | undefined, field: string) => {
      const option = nameOf(names, field);
      return option ?? (body === undefined ? whole : optionOf(field));
    });
    throw new RemoteError(message, error.exitCode);
  }
}

/** That of the field, or of the one that it is a part of: `certificates/0`. */
function nameOf(names: OptionNames, field: string): string | undefined {
  for (let part = field; part !== ''; part = part.slice(0, Math.max(0, part.lastIndexOf('/')))) {
    if (Object.hasOwn(names, part)) return names[part];
  }
}

/** `saml2/signRequests`: `--sign-requests`. */
export function optionOf(field: string): string {
  const name = field
    .replace(/\/\d+$/, '')
    .split('/')
    .at(-1) as string;
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
