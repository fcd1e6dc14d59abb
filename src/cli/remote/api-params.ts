/** api_params.yaml: what of a project is another in each environment. Read strictly: what is misspelt would be lost else. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { nearest } from '../../platform/config/nearest.ts';
import { readBounded } from '../../platform/read-bounded.ts';
import { pointer, readYaml, type YamlSource } from '../../platform/yaml-source.ts';
import { UsageError } from '../fail.ts';

export interface EndpointParams {
  readonly url?: string;
  /** Time-outs and retries, as the project's endpointConfig has them. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface CertificateParams {
  readonly alias: string;
  /** File with the certificate, PEM; relative to that of the parameters. */
  readonly path: string;
}

export interface EnvironmentParams {
  readonly name: string;
  readonly endpoints?: { readonly production?: EndpointParams; readonly sandbox?: EndpointParams };
  /** Credentials for the back end. */
  readonly security?: {
    readonly enabled?: boolean;
    readonly type?: string;
    readonly username?: string;
    readonly password?: string;
  };
  readonly gatewayEnvironments?: readonly string[];
  /** Certificates of back ends. */
  readonly certs?: readonly (CertificateParams & { readonly hostName: string })[];
  /** Certificates of clients. */
  readonly mutualSslCerts?: readonly (CertificateParams & { readonly tierName: string })[];
  /** Subscription policies. */
  readonly policies?: readonly string[];
}

/** Bytes of the file at most. */
const maxSize = 1 << 20;

type Spec = 'text' | 'number' | 'flag' | { readonly list: Spec } | { readonly object: Readonly<Record<string, Spec>> };

const endpoint: Spec = {
  object: {
    url: 'text',
    config: {
      object: {
        ...{ retryTimeOut: 'number', retryDelay: 'number', factor: 'number', suspendDuration: 'number' },
        ...{ suspendMaxDuration: 'number', suspendErrorCode: { list: 'text' }, retryErroCode: { list: 'text' } },
        ...{ actionSelect: 'text', actionDuration: 'number' },
      },
    },
  },
};

const environment: Spec = {
  object: {
    name: 'text',
    endpoints: { object: { production: endpoint, sandbox: endpoint } },
    security: { object: { enabled: 'flag', type: 'text', username: 'text', password: 'text' } },
    gatewayEnvironments: { list: 'text' },
    certs: { list: { object: { hostName: 'text', alias: 'text', path: 'text' } } },
    mutualSslCerts: { list: { object: { tierName: 'text', alias: 'text', path: 'text' } } },
    policies: { list: 'text' },
  },
};

/**
 * The file of a project: in its folder, in the one around it, or where the command runs. Null = there is none.
 * @param project folder or archive
 */
export function findParams(project: string): string | null {
  const places = [project, dirname(resolve(project)), process.cwd()];
  return places.map((place) => join(place, 'api_params.yaml')).find((file) => existsSync(file)) ?? null;
}

/**
 * What the file says of an environment, with `$VAR` and `${VAR}` replaced; null = nothing.
 * @throws UsageError that names every mistake with its line, and variables that are not set
 */
export function readParams(
  file: string,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): EnvironmentParams | null {
  const { source, problems } = readYaml(textOf(file));
  if (!source) {
    const lines = problems.map(({ position, message }) => `${file}${position ? `:${position.line}` : ''}: ${message}`);
    throw new UsageError(lines.join('\n'));
  }
  const reader = new ParamsReader(file, source, env);
  const found = reader.read(name);
  reader.finish();
  return found;
}

function textOf(file: string): string {
  try {
    return readBounded(file, { maxBytes: maxSize, anyKind: true }).toString('utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file} can't be read (${code ?? message})`);
  }
}

class ParamsReader {
  readonly #file: string;
  readonly #source: YamlSource;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #problems: string[] = [];
  /** Variables count only in what is used: those of other environments need not be set here. */
  #isUsed = false;

  constructor(file: string, source: YamlSource, env: Readonly<Record<string, string | undefined>>) {
    this.#file = file;
    this.#source = source;
    this.#env = env;
  }

  read(name: string): EnvironmentParams | null {
    const { value } = this.#source;
    if (value === null) return null;
    const root = this.#object(value, [], ['environments']);
    const list = root.environments ?? [];
    if (!Array.isArray(list)) {
      this.#problem(['environments'], 'expected a list');
      return null;
    }
    let found: EnvironmentParams | null = null;
    list.forEach((one, at) => {
      const ownName = (one as { name?: unknown } | null)?.name;
      if (typeof ownName !== 'string') this.#problem(['environments', at], 'expected an environment with a name');
      this.#isUsed = ownName === name;
      const params = this.#check(one, environment, ['environments', at]) as EnvironmentParams;
      if (!this.#isUsed) return;
      if (found) this.#problem(['environments', at], `the environment ${name} is there twice`);
      found = params;
    });
    return found;
  }

  /** @throws UsageError with everything that was found */
  finish(): void {
    if (this.#problems.length > 0) throw new UsageError(this.#problems.join('\n'));
  }

  #check(value: unknown, spec: Spec, place: readonly (string | number)[]): unknown {
    if (value === null || value === undefined) return undefined;
    if (spec === 'text' || spec === 'number' || spec === 'flag') return this.#scalar(value, spec, place);
    if ('list' in spec) {
      if (Array.isArray(value)) return value.map((one, at) => this.#check(one, spec.list, [...place, at]));
      return this.#problem(place, 'expected a list');
    }
    const given = this.#object(value, place, Object.keys(spec.object));
    const entries = Object.entries(spec.object).map(
      ([key, one]) => [key, this.#check(given[key], one, [...place, key])] as const,
    );
    return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
  }

  #scalar(value: unknown, kind: 'text' | 'number' | 'flag', place: readonly (string | number)[]): unknown {
    const text = typeof value === 'string' ? this.#substitute(value, place) : value;
    if (kind === 'text') {
      if (typeof text === 'string' || typeof text === 'number') return String(text);
      return this.#problem(place, 'expected a text');
    }
    if (!this.#isUsed) return value;
    if (kind === 'flag') {
      if (text === true || text === 'true') return true;
      return text === false || text === 'false' ? false : this.#problem(place, 'expected true or false');
    }
    const number = Number(text);
    if ((typeof text === 'number' || typeof text === 'string') && text !== '' && Number.isFinite(number)) return number;
    return this.#problem(place, 'expected a number');
  }

  #substitute(text: string, place: readonly (string | number)[]): string {
    if (!this.#isUsed) return text;
    return text.replaceAll(
      /\$\$|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)/g,
      (written, braced?: string, plain?: string) => {
        if (written === '$$') return '$';
        const name = (braced ?? plain) as string;
        const value = this.#env[name];
        if (value === undefined) this.#problem(place, `the variable ${name} is not set ($$ stands for a plain $)`);
        return value ?? '';
      },
    );
  }

  #object(value: unknown, place: readonly (string | number)[], known: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#problem(place, 'expected an object');
      return {};
    }
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      const meant = nearest(key, known);
      const hint = meant === undefined ? `expected ${known.join(', ')}` : `did you mean ${meant}?`;
      this.#problem([...place, key], `unknown key ${key}; ${hint}`);
    }
    return value as Record<string, unknown>;
  }

  #problem(place: readonly (string | number)[], message: string): undefined {
    const { line } = this.#source.position(pointer(...place));
    this.#problems.push(`${this.#file}:${line}: ${place.length === 0 ? '' : `${place.join('.')}: `}${message}`);
  }
}
