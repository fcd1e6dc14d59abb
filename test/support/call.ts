/** A small HTTP client for tests: connections are kept, certificates are not checked, nothing is followed. */
import * as http from 'node:http';
import * as https from 'node:https';

const agents = {
  'http:': new http.Agent({ keepAlive: true, maxSockets: 256 }),
  'https:': new https.Agent({ keepAlive: true, maxSockets: 256, rejectUnauthorized: false }),
};

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  /** Use a connection of its own. */
  readonly fresh?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it expects
  json(): any;
}

export function call(
  url: string,
  { method = 'GET', headers = {}, body, fresh = false }: CallOptions = {},
): Promise<Answer> {
  const target = new URL(url);
  const secure = target.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request(target, {
      method,
      headers,
      agent: fresh ? false : agents[target.protocol as 'http:' | 'https:'],
      rejectUnauthorized: false,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => void (text += chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          json: () => JSON.parse(text),
        }),
      );
    });
    request.end(body);
  });
}

/** Lets the connections go, so that a test's process can end. */
export function closeConnections(): void {
  for (const agent of Object.values(agents)) agent.destroy();
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Posts a form with Basic credentials. */
export function postForm(url: string, form: Record<string, string>, authorization?: string): Promise<Answer> {
  return call(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: new URLSearchParams(form).toString(),
  });
}
