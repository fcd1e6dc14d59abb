/** `postern pull`: APIs and policies from a control plane into a project. */
import { UsageError } from '../fail.ts';
import { printable } from '../printable.ts';
import { askHidden, askLine } from '../prompt.ts';

export interface PullArguments {
  /** Path of the project's folder; it is made if it is not there. */
  readonly project: string;
  /** `-a` with `-v`: one API. */
  readonly apiName?: string;
  readonly version?: string;
  /** `-l`: all APIs with this label. */
  readonly label?: string;
  /** `-u`, `-p`: who asks. What is missing is asked for on a terminal. */
  readonly username?: string;
  readonly password?: string;
  /** `-s`; default https://localhost:9443 */
  readonly serverUrl?: string;
  /** `-t`: PEM, PKCS#12 or JKS file of certificates that are believed, with its password `-w`. */
  readonly truststore?: string;
  readonly truststorePass?: string;
  /** `-k`: believe any certificate. */
  readonly insecure?: boolean;
}

/** @throws UsageError, ProjectError, TrustStoreError; nothing has changed then */
export async function pull(args: PullArguments): Promise<void> {
  const { apiName, version, label, truststore } = args;
  const byName = apiName !== undefined || version !== undefined;
  if (byName === (label !== undefined))
    throw new UsageError('pull: expected either --api-name and --version, or --label');
  if (byName && (apiName === undefined || version === undefined)) {
    throw new UsageError(
      `pull: --api-name and --version go together; --${apiName === undefined ? 'api-name' : 'version'} is missing`,
    );
  }
  const certificates: string[] = [];
  if (truststore !== undefined) {
    const { openTrustStore } = await import('../../adapters/trust-stores/index.ts');
    const store = await openTrustStore(truststore, args.truststorePass ?? '');
    for (const { pem } of store.certificates) certificates.push(pem);
  }
  const username = args.username ?? (await askLine('User name: ', '--username'));
  const password = args.password ?? process.env.POSTERN_PASSWORD ?? (await askHidden('Password: ', '--password'));
  const { pullApis } = await import('../../toolkit/pull/pull-apis.ts');
  const selection = label !== undefined ? { label } : { name: apiName as string, version: version as string };
  const { project, apis, remarks } = await pullApis(args.project, selection, {
    serverUrl: args.serverUrl ?? 'https://localhost:9443',
    username,
    password,
    certificates,
    insecure: args.insecure ?? false,
  });
  for (const remark of remarks) process.stderr.write(`warning: ${printable(remark)}\n`);
  for (const { name, version, file } of apis) {
    process.stdout.write(`Pulled ${printable(`${name} ${version}`)} into ${file}\n`);
  }
  process.stdout.write(`Next:\n  postern build ${project.folder}\n`);
}
