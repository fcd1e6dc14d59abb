/** How an authorization request is answered: by sending the browser back to the client (RFC 6749 section 4.1.2). */
import type { Call, KeyManager } from '../call.ts';
import { html } from '../pages/html.ts';
import { sendPage } from '../pages/page.ts';

export interface AuthorizationAnswer {
  readonly redirectUri: string;
  /** OAuth 2.0 Multiple Response Type Encoding Practices section 2.1, and OAuth 2.0 Form Post Response Mode. */
  readonly mode: ResponseMode;
  readonly state: string | null;
}

export const responseModes = ['query', 'fragment', 'form_post'] as const;
export type ResponseMode = (typeof responseModes)[number];

/** Sends the browser to the client with these parameters, and with who answers (RFC 9207). */
export function answerClient(
  call: Call,
  km: KeyManager,
  to: AuthorizationAnswer,
  parameters: Readonly<Record<string, string>>,
): void {
  const all = { ...parameters, ...(to.state === null ? {} : { state: to.state }), iss: km.options.issuer };
  if (to.mode === 'form_post') return sendFormPost(call, to.redirectUri, all);
  call.reply
    .code(303)
    .header('location', withParameters(to.redirectUri, to.mode, all))
    .send();
}

/** The URI keeps what it has: nothing of it is decoded or written in another way. */
function withParameters(uri: string, mode: 'query' | 'fragment', parameters: Readonly<Record<string, string>>): string {
  const encoded = new URLSearchParams(parameters).toString();
  if (mode === 'fragment') return `${uri}#${encoded}`;
  const separator = !uri.includes('?') ? '?' : /[?&]$/.test(uri) ? '' : '&';
  return `${uri}${separator}${encoded}`;
}

/** A form that sends itself; where scripts are off, it has a button. */
function sendFormPost(call: Call, action: string, parameters: Readonly<Record<string, string>>): void {
  const fields = Object.entries(parameters).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  sendPage(call.reply, {
    title: 'Back to the application',
    body: html`<form method="post" action="${action}" id="answer">${fields}<button>Continue</button></form>`,
    script: "document.getElementById('answer').submit()",
  });
}
