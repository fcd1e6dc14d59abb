/** The pages that people see: usable without scripts, nothing loaded from elsewhere. */
import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type Html, html, markup } from './html.ts';
import { style } from './style.ts';

export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** Whether it needs more width than a form. */
  readonly wide?: boolean;
  /** Its text, without markup. Only what the page does by itself, and works without. */
  readonly script?: string;
}

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const styleSource = sha256(style);

export function sendPage(reply: FastifyReply, { title, body, status = 200, wide = false, script }: Page): void {
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${markup(style)}</style>
<main${wide && markup(' class="wide"')}>
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
        script === undefined ? '' : `script-src ${sha256(script)}; `
      }base-uri 'none'; frame-ancestors 'none'`,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      // The address of a page can hold what is meant for nobody else.
      'referrer-policy': 'no-referrer',
    })
    .type('text/html; charset=utf-8')
    .send(page.text);
}

/** What went wrong, where there is nobody to send the browser back to. */
export function sendErrorPage(reply: FastifyReply, status: number, code: string, description: string): void {
  sendPage(reply, {
    status,
    title: 'This did not work',
    body: html`<p role="alert">${description}</p><p class="detail">${code}</p>`,
  });
}
