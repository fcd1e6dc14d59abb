/** Puts the parameters of an environment into the files of a project, before it is sent there. */
import { realpathSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { readBounded } from '../../platform/read-bounded.ts';
import { readYaml } from '../../platform/yaml-source.ts';
import type { Files } from '../../platform/zip.ts';
import { UsageError } from '../fail.ts';
import type { CertificateParams, EndpointParams, EnvironmentParams } from './api-params.ts';
import { replaceValues } from './replace-values.ts';

/** Bytes. */
const maxCertificate = 1 << 20;

type Json = Record<string, unknown>;

/** @param file of the parameters: what the paths of certificates are relative to */
export function applyParams(files: Files, params: EnvironmentParams, file: string): Files {
  const result = new Map(files);
  const path = [...files.keys()].find((name) => /(^|\/)Meta-information\/api\.(ya?ml|json)$/.test(name));
  if (path === undefined) throw new UsageError('the project has no Meta-information/api.yaml');
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const text = Buffer.from(files.get(path) as Uint8Array).toString('utf8');
  const api = readApi(path, text);
  const changed = new Map<string, unknown>();
  const { endpoints, security, gatewayEnvironments, policies, certs, mutualSslCerts } = params;
  if (endpoints) changed.set('endpointConfig', JSON.stringify(endpointConfig(api, endpoints)));
  for (const [key, value] of Object.entries(security ? securityOf(security) : {})) changed.set(key, value);
  if (gatewayEnvironments) changed.set('environments', gatewayEnvironments);
  if (policies) {
    changed.set(
      'availableTiers',
      policies.map((name) => ({ name })),
    );
  }
  result.set(path, Buffer.from(replaceValues(text, changed)));
  if (certs) {
    const list = certs.map(({ hostName, ...one }) => ({
      hostName,
      alias: one.alias,
      certificate: certificate(one, file),
    }));
    put(result, `${folder}endpoint_certificates`, list);
  }
  if (mutualSslCerts) {
    const list = mutualSslCerts.map(({ tierName, ...one }) => ({
      tierName: tierName ?? 'Unlimited',
      alias: one.alias,
      certificate: certificate(one, file),
    }));
    put(result, `${folder}client_certificates`, list);
  }
  return result;
}

/** JSON is YAML as well; whichever form was there is replaced. */
function put(files: Files, name: string, value: unknown): void {
  for (const extension of ['yaml', 'yml', 'json']) files.delete(`${name}.${extension}`);
  files.set(`${name}.json`, Buffer.from(JSON.stringify(value)));
}

function readApi(path: string, text: string): Json {
  const { source, problems } = readYaml(text);
  if (!source)
    throw new UsageError(
      problems.map(({ position, message }) => `${path}:${position?.line ?? 1}: ${message}`).join('\n'),
    );
  const { value } = source;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new UsageError(`${path}: expected an object`);
}

function endpointConfig(api: Json, endpoints: NonNullable<EnvironmentParams['endpoints']>): Json {
  const config = parse(api.endpointConfig);
  for (const kind of ['production', 'sandbox'] as const) {
    const given = endpoints[kind];
    if (given) setEndpoint(config, kind, given);
  }
  config.endpoint_type ??= 'http';
  return config;
}

/** One address in place of whatever was there. */
function setEndpoint(config: Json, kind: string, { url, config: more }: EndpointParams): void {
  const key = `${kind}_endpoints`;
  const before = config[key];
  const old = (Array.isArray(before) ? (url === undefined ? before[0] : {}) : (before ?? {})) as Json;
  const oldConfig = typeof old.config === 'object' && old.config !== null ? old.config : {};
  config[key] = { ...old, ...(url !== undefined && { url }), ...(more && { config: { ...oldConfig, ...more } }) };
  if (url !== undefined) {
    delete config[`${kind}_failovers`];
    if (config.endpoint_type !== 'address') config.endpoint_type = 'http';
  }
}

function parse(given: unknown): Json {
  if (typeof given === 'object' && given !== null) return { ...given };
  if (typeof given !== 'string' || given === '') return {};
  try {
    return JSON.parse(given) as Json;
  } catch {
    throw new UsageError('Meta-information/api.yaml: endpointConfig: expected JSON');
  }
}

function securityOf({
  enabled = true,
  type = 'basic',
  username,
  password,
}: NonNullable<EnvironmentParams['security']>): Json {
  if (!enabled) return { endpointSecured: false };
  if (!/^(basic|digest)$/i.test(type)) throw new UsageError(`security.type: expected basic or digest, not ${type}`);
  return {
    endpointSecured: true,
    endpointAuthDigest: /^digest$/i.test(type),
    ...(username !== undefined && { endpointUTUsername: username }),
    ...(password !== undefined && { endpointUTPassword: password }),
  };
}

/** Only what lies beside the parameters: whoever else may write them doesn't get to read other files of this machine. */
function certificate({ alias, path }: CertificateParams, params: string): string {
  if (!alias || !path) throw new UsageError(`${params}: expected alias and path of each certificate`);
  const file = resolve(dirname(params), path);
  try {
    const [root, real] = [realpathSync(dirname(params)), realpathSync(file)];
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep))
      throw new Error(`it is not below the folder of ${params}`);
    const text = readBounded(real, { maxBytes: maxCertificate }).toString('utf8');
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('expected a certificate in PEM');
    return text;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`the certificate ${alias}: ${file} can't be read (${code ?? message})`);
  }
}
