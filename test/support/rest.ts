/** Calls the REST APIs as a client does, and checks each answer against the definition. */
import assert from 'node:assert/strict';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { OperationDefinition } from '../../src/control-plane/rest/definition.ts';
import { restApis } from '../../src/control-plane/rest-apis.ts';
import { type Answer, basic, call, postForm } from './call.ts';

export interface Part {
  readonly name: string;
  readonly content: string | Buffer;
  /** Makes it a file. */
  readonly fileName?: string;
  readonly type?: string;
}

export interface RestClient {
  get(path: string): Promise<Answer>;
  head(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  /** A multipart form; `POST` unless said otherwise. */
  form(path: string, parts: readonly Part[], method?: 'POST' | 'PUT'): Promise<Answer>;
}

/**
 * @param base `https://localhost:9443/api/am/publisher/v1`
 * @param authorization value of the header; absent = nobody is logged in
 */
export function restClient(base: string, authorization?: string): RestClient {
  const send = async (method: string, path: string, type?: string, body?: string | Buffer): Promise<Answer> => {
    const headers = { ...(authorization && { authorization }), ...(type && { 'content-type': type }) };
    const answer = await call(base + path, { method, headers, ...(body !== undefined && { body }) });
    checkAnswer(method, new URL(base + path).pathname, answer);
    return answer;
  };
  const json = (method: string, path: string, body: unknown) =>
    send(
      method,
      path,
      body === undefined ? undefined : 'application/json',
      body === undefined ? undefined : JSON.stringify(body),
    );
  return {
    get: (path) => send('GET', path),
    head: (path) => send('HEAD', path),
    post: (path, body) => json('POST', path, body),
    put: (path, body) => json('PUT', path, body),
    patch: (path, body) => json('PATCH', path, body),
    delete: (path) => send('DELETE', path),
    form: (path, parts, method = 'POST') => {
      const boundary = 'a-boundary-of-the-tests';
      return send(method, path, `multipart/form-data; boundary=${boundary}`, multipart(parts, boundary));
    },
  };
}

/** An `Authorization` value with a token for these scopes: the client is registered, and the user logs in with it. */
export async function logIn(
  server: string,
  { user = 'admin', password = 'admin', scopes }: { user?: string; password?: string; scopes: readonly string[] },
): Promise<string> {
  const registered = await call(`${server}/client-registration/v0.17/register`, {
    method: 'POST',
    headers: { authorization: basic(user, password), 'content-type': 'application/json' },
    body: JSON.stringify({
      clientName: 'rest_client',
      owner: user,
      grantType: 'password refresh_token',
      saasApp: true,
    }),
  });
  assert.equal(registered.status, 200, registered.body);
  const { clientId, clientSecret } = registered.json();
  const form = { grant_type: 'password', username: user, password, scope: scopes.join(' ') };
  const answer = await postForm(`${server}/oauth2/token`, form, basic(clientId, clientSecret));
  assert.equal(answer.status, 200, answer.body);
  return `Bearer ${answer.json().access_token}`;
}

function multipart(parts: readonly Part[], boundary: string): Buffer {
  const pieces = parts.flatMap(({ name, content, fileName, type }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n`;
    return [head, type === undefined ? '' : `content-type: ${type}\r\n`, '\r\n', content, '\r\n'].map((piece) =>
      Buffer.from(piece),
    );
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
for (const { definition } of restApis) ajv.addSchema({ $id: definition.name, definitions: definition.schemas });
const validators = new Map<OperationDefinition, Map<string, ValidateFunction>>();

/** Every status is one that the definition names (or of errors that all have), and a JSON body fits its schema. */
function checkAnswer(method: string, path: string, answer: Answer): void {
  const found = findOperation(method, path);
  if (!found || answer.status === 405) return;
  const { operation, name } = found;
  const common = [400, 401, 403, 404, 409, 413, 415, 500, 501, 503];
  const documented = Object.keys(operation.responses);
  const where = `${method} ${operation.path} ${answer.status}`;
  assert.ok(
    documented.includes(String(answer.status)) || common.includes(answer.status),
    `${where}: not in the definition`,
  );
  const schema = answer.status >= 400 ? { $ref: '#/definitions/Error' } : operation.responses[String(answer.status)];
  // A definition or another file as it was written, whatever its form.
  if (schema?.type === 'string') return;
  if (!schema || method === 'HEAD' || !/json/.test(answer.headers['content-type'] ?? '')) return;
  let byStatus = validators.get(operation);
  if (!byStatus) validators.set(operation, (byStatus = new Map()));
  const kind = answer.status >= 400 ? 'error' : String(answer.status);
  let validate = byStatus.get(kind);
  if (!validate) {
    const text = JSON.stringify(schema).replaceAll('"#/definitions/', `"${name}#/definitions/`);
    byStatus.set(kind, (validate = ajv.compile(JSON.parse(text))));
  }
  assert.ok(validate(answer.json()), `${where}: ${ajv.errorsText(validate.errors)}\n${answer.body}`);
}

function findOperation(method: string, path: string) {
  for (const { definition, names } of restApis) {
    const rest = names.map((name) => new RegExp(`^/api/am/${name}/v1(\\.[0-2])?(/.*)$`).exec(path)?.[2]).find(Boolean);
    if (rest === undefined) continue;
    const matching = definition.operations.filter(
      (operation) => operation.method === method && pattern(operation.path).test(rest),
    );
    // The one with the fewest parameters is meant.
    const [operation] = matching.sort((a, b) => a.path.split('{').length - b.path.split('{').length);
    if (operation) return { operation, name: definition.name };
  }
  return null;
}

function pattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}
