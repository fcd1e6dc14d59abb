/** The body of a request as `application/x-www-form-urlencoded` (RFC 6749 appendix B). */
import { OAuthError } from './oauth-error.ts';

export class Form {
  readonly #values: ReadonlyMap<string, string>;
  /** Names that were sent more than once. */
  readonly repeated: readonly string[];

  constructor(values: ReadonlyMap<string, string> = new Map(), repeated: readonly string[] = []) {
    this.#values = values;
    this.repeated = repeated;
  }

  /** The value; null when it is missing or empty, which is the same (RFC 6749 section 3.2). */
  get(name: string): string | null {
    return this.#values.get(name) || null;
  }

  /** A form without these parameters. */
  without(names: readonly string[]): Form {
    return new Form(new Map([...this.#values].filter(([name]) => !names.includes(name))), this.repeated);
  }

  /** A form with another value of this parameter. */
  with(name: string, value: string): Form {
    return new Form(new Map([...this.#values, [name, value]]), this.repeated);
  }

  /** As `parseForm` reads it. */
  toString(): string {
    return new URLSearchParams([...this.#values]).toString();
  }

  /** A form that has these parameters and no others. */
  only(names: readonly string[]): Form {
    return new Form(new Map([...this.#values].filter(([name]) => names.includes(name))), this.repeated);
  }

  /** @throws OAuthError invalid_request when it is missing. */
  require(name: string): string {
    const value = this.get(name);
    if (value === null) throw new OAuthError('invalid_request', `missing parameter: ${name}`);
    return value;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws OAuthError invalid_request when it is no such form. */
export function parseForm(body: Uint8Array): Form {
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const pair of text(body).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (values.has(name)) repeated.add(name);
    values.set(name, value);
  }
  return new Form(values, [...repeated]);
}

const encoded = /[%+\0]/;

/** Undoes the encoding of one name or value. @throws OAuthError invalid_request when it is malformed. */
export function decode(part: string): string {
  // Most have nothing to undo.
  if (!encoded.test(part)) return part;
  let decoded: string;
  try {
    decoded = decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    throw new OAuthError('invalid_request', 'malformed percent-encoding in the form');
  }
  if (decoded.includes('\0')) throw new OAuthError('invalid_request', 'the form contains a NUL character');
  return decoded;
}

function text(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new OAuthError('invalid_request', 'the form is not valid UTF-8');
  }
}
