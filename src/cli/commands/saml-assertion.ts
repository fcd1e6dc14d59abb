/** `postern saml-assertion`: makes what an identity provider would, to try the exchange of assertions for tokens. */
import { writeAssertion } from '../../adapters/saml/write-assertion.ts';
import { UsageError } from '../fail.ts';
import { readPassword } from '../read-password.ts';
import { note } from '../remote/progress.ts';
import { signingKey } from '../saml/signing-key.ts';

export interface SamlAssertionArguments {
  readonly issuer: string;
  readonly name: string;
  readonly recipient: string;
  /** Separated by commas. */
  readonly audiences: string;
  readonly keyStore: string;
  /** `-` = on standard input. */
  readonly storePassword?: string;
  readonly alias?: string;
  readonly keyPassword?: string;
  /** Seconds. */
  readonly valid: number;
  /** `name=value`. */
  readonly attribute: readonly string[];
  readonly output: 'both' | 'xml' | 'base64url';
}

export async function samlAssertion(given: SamlAssertionArguments): Promise<void> {
  const { issuer, name, recipient, audiences, keyStore, alias, valid: validity, output } = given;
  const password = await passwordOf(given.storePassword);
  const place = { file: keyStore, password, keyPassword: given.keyPassword ?? password };
  const signer = await signingKey({ ...place, ...(alias !== undefined && { alias }) });
  const attributes = given.attribute.map(readAttribute);
  const list = audiences.split(',').map((one) => one.trim());
  const content = { issuer, name, recipient, audiences: list, attributes, now: Date.now(), validity };
  const xml = await writeAssertion(content, signer);
  const forms = { xml, base64url: Buffer.from(xml).toString('base64url') };
  process.stdout.write(output === 'both' ? `${forms.xml}\n\n${forms.base64url}\n` : `${forms[output]}\n`);
}

async function passwordOf(given = ''): Promise<string> {
  if (given === '') return '';
  if (given !== '-') {
    note('others on this machine may see a password on the command line; - reads it from standard input');
    return given;
  }
  return readPassword('-', 'Password of the key store: ');
}

function readAttribute(given: string): readonly [string, readonly string[]] {
  const at = given.lastIndexOf('=');
  if (at < 1) throw new UsageError(`--attribute ${given}: expected name=value`);
  return [given.slice(0, at), [given.slice(at + 1)]];
}
