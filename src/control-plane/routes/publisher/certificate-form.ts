/** Certificates in the form of the publisher API. */

import { attachment } from '../../rest/attachment.ts';
import type { CertificateInfo } from '../../rest/definitions/publisher.ts';
import type { Answer } from '../../rest/operation.ts';
import { certificateFacts } from '../../services/endpoints/certificate.ts';

/** @param now milliseconds since the epoch */
export function certificateForm(pem: string, now: number): CertificateInfo {
  const { expired, from, to, version, subject } = certificateFacts(pem, now);
  return { status: expired ? 'Expired' : 'Active', validity: { from, to }, version, subject };
}

export function certificateFile(alias: string, pem: string): Answer {
  const headers = { 'content-disposition': attachment(`${alias}.crt`) };
  return { status: 200, body: pem, type: 'application/octet-stream', headers };
}
