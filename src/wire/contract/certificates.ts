/** Certificates for the tests of TLS, each from an authority of its own. */
import { generateKey, issueCertificate } from '../../platform/x509.ts';

export interface Issued {
  readonly cert: string;
  readonly key: string;
  /** The authority that a peer has to trust. */
  readonly authority: string;
}

export async function issue(purpose: 'server' | 'client', name: string): Promise<Issued> {
  const issuerKey = generateKey();
  const issuer = { commonName: `Authority of ${name}`, organization: 'Test' };
  const common = {
    issuer,
    issuerKey,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
  };
  const { publicKey, privateKey } = generateKey();
  return {
    authority: await issueCertificate({
      ...common,
      subject: issuer,
      publicKey: issuerKey.publicKey,
      purpose: 'authority',
    }),
    cert: await issueCertificate({
      ...common,
      subject: { commonName: name, organization: 'Test' },
      publicKey,
      purpose,
      hosts: [name],
    }),
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}
