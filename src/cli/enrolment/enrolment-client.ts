/** What a gateway asks a control plane for to be known there: its authority, a first certificate, the next one. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import https from 'node:https';
import { type CertificateAndKey, gatewayUnit } from '../../platform/certificates.ts';
import { authorityFingerprint } from '../../platform/gateway-issuer.ts';
import { RemoteError, unreachable } from '../remote/remote-error.ts';

/** Milliseconds for one request. */
const timeout = 10_000;
/** Bytes of an answer at most. */
const maxAnswer = 65_536;

/**
 * The certificate of the authority that has this fingerprint, PEM.
 * @throws RemoteError when the server has another one
 */
export async function fetchAuthority(origin: string, fingerprint: string): Promise<string> {
  // Whoever answers: what counts is the fingerprint.
  const answer = await send(`${origin}/internal/data/v1/authority`, { rejectUnauthorized: false });
  let found: string | null = null;
  try {
    found = authorityFingerprint(answer.text);
  } catch {
    // No certificate at all.
  }
  if (answer.status === 200 && found === fingerprint) return answer.text;
  throw new RemoteError(
    found === null
      ? `${origin} answered ${answer.status} and no certificate; is it a control plane?`
      : `${origin} has another authority than the one that made the code; nothing was sent to it: check the address, or somebody is between`,
  );
}

export interface EnrolRequest {
  readonly origin: string;
  /** Certificate of the authority, PEM. */
  readonly ca: string;
  readonly code: string;
  /** What the gateway would like to be called. */
  readonly name: string;
}

/** @throws RemoteError */
export async function enrol({ origin, ca, code, name }: EnrolRequest): Promise<CertificateAndKey> {
  return certified(`${origin}/internal/data/v1/enrolment`, ca, name, { code, name }, { ca });
}

/** A new certificate for a new key, by the one that is still good. @throws RemoteError */
export async function renew(origin: string, ca: string, current: CertificateAndKey): Promise<CertificateAndKey> {
  return certified(`${origin}/internal/data/v1/renewal`, ca, nameOf(current), {}, { ca, ...current });
}

export function nameOf({ cert }: Pick<CertificateAndKey, 'cert'>): string {
  return [new X509Certificate(cert).toLegacyObject().subject.CN].flat()[0] ?? '';
}

async function certified(
  url: string,
  ca: string,
  name: string,
  body: Readonly<Record<string, string>>,
  tls: https.RequestOptions,
): Promise<CertificateAndKey> {
  const { makeCertificateRequest } = await import('../../platform/certificate-request.ts');
  const { request, key } = await makeCertificateRequest(name);
  const { status, text } = await send(url, { ...tls, method: 'POST' }, JSON.stringify({ ...body, request }));
  const answer = parse(text);
  if (status !== 200) {
    const said = typeof answer.description === 'string' ? answer.description : `status ${status}`;
    throw new RemoteError(`${new URL(url).origin} refused: ${said}`);
  }
  const cert = typeof answer.certificate === 'string' ? answer.certificate : '';
  if (!isOurs(cert, key, ca)) throw new RemoteError(`${url} answered with no certificate of ours`);
  return { cert, key };
}

/** For our key, of that authority, and one of a gateway. */
function isOurs(cert: string, key: string, ca: string): boolean {
  try {
    const certificate = new X509Certificate(cert);
    const authority = new X509Certificate(ca);
    return (
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      certificate.checkIssued(authority) &&
      certificate.verify(authority.publicKey) &&
      [certificate.toLegacyObject().subject.OU].flat().includes(gatewayUnit)
    );
  } catch {
    return false;
  }
}

function send(url: string, options: https.RequestOptions, body?: string): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const signal = AbortSignal.timeout(timeout);
  const request = https.request(url, { ...options, headers, agent: false, signal }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > maxAnswer) request.destroy(new Error(`the answer is longer than ${maxAnswer} bytes`));
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    response.on('error', reject);
  });
  request.on('error', reject);
  request.end(body);
  return promise.catch((error) => {
    throw explained(error as Error & { code?: string }, url);
  });
}

function explained({ name, code, message }: Error & { code?: string }, url: string): RemoteError {
  const { host, hostname } = new URL(url);
  if (name === 'AbortError' || name === 'TimeoutError') {
    return unreachable(`${host} did not answer within ${timeout} ms`);
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return unreachable(
      `the certificate of ${host} is not for ${hostname}: put it into server.otherHosts there, or use the name that it is for`,
    );
  }
  return unreachable(`${host} can't be reached: ${code ?? message}`);
}

function parse(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
