/** `postern keys`: an access token for an API, by an application that is the command line's own. */
import { type Connection, withConnection } from '../remote/connection.ts';
import { type ApiName, findApi } from '../remote/find-api.ts';
import { clientCredentialsToken } from '../remote/log-in.ts';
import { note } from '../remote/progress.ts';
import { notFound, RemoteError } from '../remote/remote-error.ts';

export interface KeysOptions extends ApiName {
  readonly environment: string;
  /** Token endpoint to ask; absent = the environment's. */
  readonly token?: string;
  readonly insecure?: boolean;
}

const applicationName = 'default-postern-app';

interface PortalApi extends ApiName {
  readonly id: string;
  readonly throttlingPolicies?: readonly string[];
}
interface Application {
  readonly applicationId: string;
  readonly name: string;
  readonly status?: string;
}
interface Key {
  readonly keyType: 'PRODUCTION' | 'SANDBOX';
  readonly consumerKey: string;
  readonly consumerSecret?: string;
}
interface Subscription {
  readonly apiId: string;
  readonly status: string;
}
interface List<T> {
  readonly list: readonly T[];
}

export function keys(options: KeysOptions): Promise<void> {
  return withConnection(options.environment, options, async (connection) => {
    const api = (await findApi<PortalApi>(connection, 'store', options)) ?? (await refuse(connection, options));
    const { applicationId } = await findApplication(connection);
    await subscribe(connection, applicationId, api);
    const key = await findKey(connection, applicationId);
    const url = options.token ?? connection.environment.tokenUrl;
    process.stdout.write(`${await clientCredentialsToken(connection.http, url, key)}\n`);
  });
}

/** Nobody can subscribe to it: because of its state, if the user may see that as a publisher. */
async function refuse(connection: Connection, { name, version, ...more }: KeysOptions): Promise<never> {
  const { name: environment } = connection.environment;
  const missing = `there is no API ${name} ${version} in the developer portal of ${environment}`;
  const asPublisher = findApi<ApiName & { lifeCycleStatus: string }>(connection, 'publisher', {
    name,
    version,
    ...more,
  });
  const status = (await asPublisher.catch(() => undefined))?.lifeCycleStatus;
  if (status === undefined) throw notFound(missing);
  const remedy =
    status === 'CREATED' || status === 'PROTOTYPED'
      ? `: postern change-status api -a Publish -n ${name} -v ${version} -e ${environment}`
      : '';
  throw notFound(`${missing}: it is ${status}, and has to be PUBLISHED and visible to ${connection.user}${remedy}`);
}

/** What is there, or else is made. Of two commands at once one makes it, and the other finds it. */
async function findOrMake<T>(find: () => Promise<T | undefined>, make: () => Promise<T>): Promise<T> {
  const found = await find();
  if (found) return found;
  try {
    return await make();
  } catch (error) {
    const other = await find();
    if (other) return other;
    throw error;
  }
}

async function findApplication(connection: Connection): Promise<Application> {
  const path = `/applications?query=${applicationName}&limit=100`;
  const found = await findOrMake<Application>(
    async () => {
      const { list } = await connection.get<List<Application>>('store', path);
      return list.find(({ name }) => name === applicationName);
    },
    () =>
      connection.post('store', '/applications', {
        name: applicationName,
        throttlingPolicy: 'Unlimited',
        tokenType: 'JWT',
        description: 'Made by postern keys',
      }),
  );
  if (found.status === undefined || found.status === 'APPROVED') return found;
  throw new RemoteError(`the application ${applicationName} is ${found.status}; an administrator has to approve it`);
}

async function subscribe(connection: Connection, applicationId: string, api: PortalApi): Promise<void> {
  const path = `/subscriptions?applicationId=${applicationId}&limit=1000`;
  const { status } = await findOrMake<Subscription>(
    async () => {
      const { list } = await connection.get<List<Subscription>>('store', path);
      return list.find(({ apiId }) => apiId === api.id);
    },
    () => make(connection, applicationId, api),
  );
  if (status !== 'UNBLOCKED') note(`the subscription is ${status}: the API will refuse the token`);
}

function make(connection: Connection, applicationId: string, api: PortalApi): Promise<Subscription> {
  const tiers = api.throttlingPolicies ?? [];
  const throttlingPolicy = tiers.includes('Unlimited') ? 'Unlimited' : tiers[0];
  if (throttlingPolicy === undefined) throw new RemoteError(`${api.name} ${api.version} has no tier to subscribe with`);
  return connection.post('store', '/subscriptions', { apiId: api.id, applicationId, throttlingPolicy });
}

async function findKey(
  connection: Connection,
  applicationId: string,
): Promise<{ consumerKey: string; consumerSecret: string }> {
  const key = await findOrMake<Key>(
    async () => {
      const { list } = await connection.get<List<Key>>('store', `/applications/${applicationId}/keys`);
      return list.find(({ keyType }) => keyType === 'PRODUCTION');
    },
    () =>
      connection.post('store', `/applications/${applicationId}/generate-keys`, {
        keyType: 'PRODUCTION',
        grantTypesToBeSupported: ['client_credentials'],
        validityTime: '3600',
      }),
  );
  if (key.consumerSecret) return { consumerKey: key.consumerKey, consumerSecret: key.consumerSecret };
  // Where secrets are shown once only, a new one is made: the application is the command line's own.
  const path = `/applications/${applicationId}/keys/PRODUCTION/regenerate-secret`;
  const { consumerKey, consumerSecret } = await connection.post<Key>('store', path);
  if (consumerSecret) return { consumerKey, consumerSecret };
  throw new RemoteError(`the consumer secret of ${applicationName} is not shown; delete its key and try again`);
}
