/** The pages that people see: usable without scripts, nothing loaded from elsewhere. */
import type { FastifyReply } from 'fastify';
import { type Html, html, markup } from './html.ts';
import { hashSource, type Look } from './look.ts';
import { sentence } from './sentence.ts';

export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** Whether it needs more width than a form. */
  readonly wide?: boolean;
  /** Its text, without markup. Only what the page does by itself, and works without. */
  readonly script?: string;
  /** The only addresses, of somebody else, to which its forms are sent, and redirected. Absent: any. */
  readonly formsTo?: readonly string[];
}

/** Decorated by the key manager, so that whoever sends a page need not know how it looks. */
declare module 'fastify' {
  interface FastifyReply {
    readonly look: Look;
  }
}

export function sendPage(
  reply: FastifyReply,
  { title, body, status = 200, wide = false, script, formsTo }: Page,
): void {
  const { name, style, styleSource } = reply.look;
  const full = [status >= 400 ? `Error: ${title}` : title, name].filter(Boolean).join(' - ');
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${full}</title>
<style>${markup(style)}</style>
<main${wide && markup(' class="wide"')}>
${name !== '' && html`<p class="name">${name}</p>`}
<h1>${title}</h1>
${body}
</main>
${script === undefined ? null : html`<script>${markup(script)}</script>`}
</html>
`;
  reply
    .code(status)
    .headers({
      'content-security-policy': `default-src 'none'; style-src ${styleSource}; ${
        script === undefined ? '' : `script-src ${hashSource(script)}; `
      }${formsTo === undefined ? '' : `form-action ${formsTo.map(addressSource).join(' ')}; `}base-uri 'none'; frame-ancestors 'none'`,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      // The address of a page can hold what is meant for nobody else.
      'referrer-policy': 'no-referrer',
    })
    .type('text/html; charset=utf-8')
    .send(page.text);
}

/** As a policy names an address (Content Security Policy Level 3 section 2.3.1): without a query, which it does not look at. */
function addressSource(address: string): string {
  const { origin, pathname } = new URL(address);
  return (origin + pathname).replace(/[;,]/g, encodeURIComponent);
}

export interface ErrorPage {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/**
 * What went wrong, where there is nobody to send the browser back to.
 * @param asking whether an application has sent the browser here, whose makers can do something about it
 */
export function sendErrorPage(reply: FastifyReply, { status, code, message }: ErrorPage, asking: boolean): void {
  const advice =
    status === 429 || status >= 500
      ? 'Try again in a moment.'
      : asking &&
        'Go back to where you came from and begin once more. If that does not help, tell the people behind the application what stands here.';
  sendPage(reply, {
    status,
    title: 'This did not work',
    body: html`
<p role="alert">${sentence(message)}</p>
${advice && html`<p>${advice}</p>`}
<p class="detail">${code}</p>`,
  });
}
