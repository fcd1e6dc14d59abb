/**
 * Fields of the publisher API that nothing here depends on (`CatalogApi.more`), under the names that the original's api.yaml
 * has for them.
 */

type Values = Readonly<Record<string, unknown>>;

interface Field {
  /** As the publisher API calls it. */
  readonly name: string;
  /** Keys of api.yaml. */
  readonly keys: readonly string[];
  /** The keys' values; undefined = it is not said. */
  write(value: unknown): Values;
  /** undefined = none of the keys is said. */
  read(values: Values): unknown;
}

const renamed = (name: string, key: string): Field => ({
  name,
  keys: [key],
  write: (value) => ({ [key]: value }),
  read: (values) => values[key],
});

const businessKeys = ['businessOwner', 'businessOwnerEmail', 'technicalOwner', 'technicalOwnerEmail'];

const fields: readonly Field[] = [
  ...['additionalProperties', 'cacheTimeout', 'enableStore', 'enableSchemaValidation', 'wsdlUrl', 'keyManagers'].map(
    (name) => renamed(name, name),
  ),
  renamed('gatewayEnvironments', 'environments'),
  renamed('endpointImplementationType', 'implementation'),
  {
    name: 'businessInformation',
    keys: businessKeys,
    write: (value) => (value ?? {}) as Values,
    read: (values) => {
      const said = businessKeys.filter((key) => values[key] !== undefined && values[key] !== null);
      return said.length === 0 ? undefined : Object.fromEntries(said.map((key) => [key, values[key]]));
    },
  },
  {
    name: 'responseCachingEnabled',
    keys: ['responseCache'],
    write: (value) => ({ responseCache: value === true ? 'Enabled' : 'Disabled' }),
    read: ({ responseCache }) => (typeof responseCache === 'string' ? /^enabled$/i.test(responseCache) : undefined),
  },
  {
    name: 'subscriptionAvailability',
    keys: ['subscriptionAvailability'],
    write: (value) => ({ subscriptionAvailability: String(value).toLowerCase() }),
    read: ({ subscriptionAvailability: value }) =>
      typeof value === 'string' && value !== '' ? value.toUpperCase() : undefined,
  },
  {
    name: 'maxTps',
    keys: ['productionMaxTps', 'sandboxMaxTps'],
    write(value) {
      const { production, sandbox } = (value ?? {}) as { production?: number; sandbox?: number };
      return {
        ...(production !== undefined && { productionMaxTps: String(production) }),
        ...(sandbox !== undefined && { sandboxMaxTps: String(sandbox) }),
      };
    },
    read({ productionMaxTps, sandboxMaxTps }) {
      const tps = { ...number('production', productionMaxTps), ...number('sandbox', sandboxMaxTps) };
      return Object.keys(tps).length === 0 ? undefined : tps;
    },
  },
  {
    name: 'labels',
    keys: ['gatewayLabels'],
    write: (value) => ({ gatewayLabels: ((value ?? []) as string[]).map((name) => ({ name })) }),
    read: ({ gatewayLabels }) =>
      Array.isArray(gatewayLabels) ? gatewayLabels.map((one) => (one as { name?: unknown })?.name ?? one) : undefined,
  },
];

/** What has no key of the original's is below this one of ours. */
const rest = 'more';

/** Every key of api.yaml that these fields have. */
export const moreKeys: readonly string[] = [...fields.flatMap(({ keys }) => keys), rest];

export function writeMore(more: Values): Values {
  const others = Object.entries(more).filter(([name]) => !fields.some((field) => field.name === name));
  return {
    ...Object.assign({}, ...fields.filter(({ name }) => name in more).map(({ name, write }) => write(more[name]))),
    ...(others.length > 0 && { [rest]: Object.fromEntries(others) }),
  };
}

export function readMore(values: Values): Values {
  const said = fields.map(({ name, read }) => [name, read(values)] as const);
  const known = Object.fromEntries(said.filter(([, value]) => value !== undefined && value !== null));
  const others = values[rest];
  return typeof others === 'object' && others !== null ? { ...others, ...known } : known;
}

function number(name: string, text: unknown): Values {
  const value = Number(text);
  return text === undefined || text === null || text === '' || !Number.isFinite(value) ? {} : { [name]: value };
}
