/** How SAML assertions are made. */
import { InvalidArgumentError, Option } from 'commander';
import type { SamlAssertionArguments } from '../commands/saml-assertion.ts';
import { type AddCommand, add, attempt, refuseFlags } from './command.ts';

type Options = Pick<SamlAssertionArguments, 'valid' | 'attribute' | 'output'>;

export const samlAssertion: AddCommand = ({ program, flags }) => {
  program
    .command('saml-assertion')
    .description('makes a signed SAML assertion about a user, which a client exchanges for a token')
    .argument('<issuer>', 'entity id of the identity provider')
    .argument('<name>', 'NameID: the user')
    .argument('<recipient>', 'the token endpoint: https://localhost:9443/oauth2/token')
    .argument('<audiences>', 'whom it is meant for, separated by commas')
    .argument('<key-store>', 'file with the private key that signs: JKS, PKCS#12 or PEM')
    .argument('[store-password]', 'of the file; - reads it from standard input, where nobody else sees it')
    .argument('[alias]', 'of the key in the file, if there are several')
    .argument('[key-password]', 'of the key, if it is not that of the file')
    .addOption(new Option('--valid <seconds>', 'how long it is good').argParser(seconds).default(300))
    .option(
      '--attribute <name=value>',
      'what else it says of the user, a role say; as often as there are some',
      add,
      [],
    )
    .addOption(new Option('--output <form>', 'what is printed').choices(['both', 'xml', 'base64url']).default('both'))
    .action((...given: [...texts: (string | undefined)[], options: Options, command: unknown]) => {
      refuseFlags(program, flags);
      const options = given.at(-2) as Options;
      const [issuer, name, recipient, audiences, keyStore, ...optional] = given.slice(0, -2) as [
        ...[string, string, string, string, string],
        ...(string | undefined)[],
      ];
      const [storePassword, alias, keyPassword] = optional;
      return attempt(async () =>
        (await import('../commands/saml-assertion.ts')).samlAssertion({
          ...{ issuer, name, recipient, audiences, keyStore, ...options },
          ...(storePassword !== undefined && { storePassword }),
          ...(alias !== undefined && alias !== '' && { alias }),
          ...(keyPassword !== undefined && { keyPassword }),
        }),
      );
    });
};

function seconds(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('expected seconds, from 1 to 999999.');
  return Number(text);
}
