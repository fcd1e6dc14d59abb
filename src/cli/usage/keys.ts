/** `postern keys`: a token to call an API with, as the original's command line; and the keys that sign tokens. */
import { InvalidArgumentError, Option } from 'commander';
import type { KeysOptions } from '../commands/keys.ts';
import type { EndKeyOptions, ImportKeyOptions, KeyListOptions, NextKeyOptions } from '../commands/signing-keys.ts';
import type { AddCommand } from './command.ts';
import { environment, output, run } from './remote.ts';

export const keys: AddCommand = (context) => {
  const group = context.program
    .command('keys')
    .description('prints an access token with which an API can be called; and the keys that sign tokens');
  // What `postern keys` does if nothing else is named.
  environment(
    group.command('token', { isDefault: true }).description('prints an access token with which an API can be called'),
  )
    .requiredOption('-n, --name <name>', 'of the API')
    .requiredOption('-v, --version <version>', 'of the API')
    .option('-r, --provider <name>', 'of the API')
    .option('-t, --token <address>', 'token endpoint to ask, if not that of the environment')
    .action((given: KeysOptions) => run(context, async () => (await import('../commands/keys.ts')).keys(given), given));

  environment(group.command('list').description('the keys that sign tokens, and which does when'))
    .addOption(output())
    .action((given: KeyListOptions) =>
      run(context, async () => (await import('../commands/signing-keys.ts')).listKeys(given), given),
    );
  environment(group.command('rotate').description('makes the next key: it is published now, and signs later'))
    .option('--algorithm <name>', 'RS256, PS256, ES256 or EdDSA; by default that of access tokens')
    .addOption(after())
    .addOption(output())
    .action((given: NextKeyOptions) =>
      run(context, async () => (await import('../commands/signing-keys.ts')).rotateKey(given), given),
    );
  environment(group.command('import').description('as rotate, with a private key that was made elsewhere'))
    .argument('[file]', 'the private key, in PEM')
    .option('--store <file>', 'a key store that it is in instead: PKCS#12 or JKS')
    .option('--alias <name>', 'of the key in the store, if there are several')
    .option('--password-file <file>', 'password of the store, - on standard input; else it is asked for')
    .option('--key-password-file <file>', 'of the key, if it is not that of the store')
    .option('--algorithm <name>', 'PS256 for a key of RSA that is not to be RS256')
    .option('--passphrase-file <file>', 'what the key in PEM is encrypted with; else it is asked for')
    .addOption(after())
    .addOption(output())
    .action((file: string | undefined, given: ImportKeyOptions) =>
      run(context, async () => (await import('../commands/signing-keys.ts')).importKey(file, given), given),
    );
  environment(group.command('retire').description('a key signs no more; what it signed stays good until it expires'))
    .argument('<kid>', 'as "postern keys list" shows it')
    .addOption(output())
    .action((kid: string, given: EndKeyOptions) =>
      run(context, async () => (await import('../commands/signing-keys.ts')).retireKey(kid, given), given),
    );
  environment(
    group.command('revoke').description('a key may be known to others: whatever it signed is refused from now on'),
  )
    .argument('<kid>', 'as "postern keys list" shows it')
    .addOption(output())
    .action((kid: string, given: EndKeyOptions) =>
      run(context, async () => (await import('../commands/signing-keys.ts')).revokeKey(kid, given), given),
    );
};

function after(): Option {
  return new Option(
    '--after <time>',
    'until it signs: 90s, 15m, 2h, 1d (default: as tokens.keyOverlap says)',
  ).argParser(duration);
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds. */
function duration(text: string): number {
  const [, number, unit] = /^(\d{1,7})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (units[unit ?? ''] ?? 0);
  if (!(seconds >= 1 && seconds <= 2_592_000)) throw new InvalidArgumentError('expected from 1s to 30d.');
  return seconds;
}
