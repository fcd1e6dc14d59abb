/** What a browser does on pages without scripts: it keeps cookies, follows redirects, sends forms. */
import assert from 'node:assert/strict';
import { Agent, fetch, type Headers, type RequestInit } from 'undici';

export interface Shown {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const unchecked = new Agent({ connect: { rejectUnauthorized: false } });

export class Browser {
  /** By host: the port makes no difference (RFC 6265 section 8.5). */
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly #homes: readonly string[];
  /** Where it went last: the page that it shows, or an address elsewhere. */
  at = '';
  /** What it shows; null = nothing yet. */
  page: Shown | null = null;

  /** @param homes origins of the pages; nothing is fetched from elsewhere. Certificates are not checked */
  constructor(...homes: readonly string[]) {
    this.#homes = homes.map((home) => new URL(home).origin);
  }

  /** Of the first home. */
  get cookies(): ReadonlyMap<string, string> {
    return this.#jar(this.#homes[0] as string);
  }

  #jar(url: string): Map<string, string> {
    const { hostname } = new URL(url);
    const jar = this.#cookies.get(hostname) ?? new Map<string, string>();
    this.#cookies.set(hostname, jar);
    return jar;
  }

  /** Goes to an address. The last one: of the page that is shown, or the first that lies elsewhere. */
  async go(url: string | URL, init: RequestInit = {}): Promise<string> {
    let next = new URL(url).href;
    let request = init;
    for (let hops = 0; hops < 10; hops++) {
      this.at = next;
      if (!this.#homes.includes(new URL(next).origin)) return next;
      const response = await fetch(next, {
        ...request,
        redirect: 'manual',
        dispatcher: unchecked,
        headers: {
          ...(request.headers as Record<string, string>),
          cookie: [...this.#jar(next)].map((pair) => pair.join('=')).join('; '),
        },
      });
      for (const cookie of response.headers.getSetCookie()) this.#keep(next, cookie);
      const location = response.headers.get('location');
      if (location === null) {
        this.page = { url: next, status: response.status, headers: response.headers, text: await response.text() };
        return next;
      }
      await response.body?.cancel();
      next = new URL(location, next).href;
      request = {};
    }
    return assert.fail(`too many redirects, the last to ${next}`);
  }

  /**
   * Fills in and sends a form of the page: the first in which this stands.
   * @param button its text, where it sends the form elsewhere
   */
  submit(fields: Readonly<Record<string, string>> = {}, which = /./, button?: string): Promise<string> {
    const forms = (this.page?.text ?? '').match(/<form[\s\S]*?<\/form>/g) ?? [];
    const text = forms.find((form) => which.test(form)) ?? '';
    const pressed = button === undefined ? '' : text.match(/<button[^>]*>[^<]*/g)?.find((one) => one.endsWith(button));
    const other = attribute(pressed ?? assert.fail(`no button ${button}`), 'formaction');
    const action = other ?? attribute(/<form[^>]*>/.exec(text)?.[0] ?? assert.fail(`no form: ${text}`), 'action');
    const body = new URLSearchParams();
    for (const [input] of text.matchAll(/<input[^>]*>/g)) {
      const name = attribute(input, 'name');
      if (name) body.set(name, attribute(input, 'value') ?? '');
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    if (/<form method="get"/.test(text)) return this.go(`${new URL(action ?? '', this.page?.url)}?${body}`);
    return this.go(new URL(action ?? '', this.page?.url), { method: 'POST', body });
  }

  #keep(url: string, cookie: string): void {
    const jar = this.#jar(url);
    const [pair = '', ...attributes] = cookie.split('; ');
    const [name = '', value = ''] = pair.split('=');
    if (attributes.includes('Max-Age=0')) jar.delete(name);
    else jar.set(name, value);
  }
}

const entities: Readonly<Record<string, string>> = {
  '&#38;': '&',
  '&#60;': '<',
  '&#62;': '>',
  '&#34;': '"',
  '&#39;': "'",
};

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replace(/&#\d+;/g, (one) => entities[one] ?? one);
}
