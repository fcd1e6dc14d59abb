/** Certificates of clients for tests of mutual TLS. */
import { generateKey, issueCertificate } from '../../src/platform/x509.ts';

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TestAuthority extends TestCertificate {
  /** Issues a certificate for a client, valid from a minute ago for an hour unless said otherwise. */
  issue(
    name: string,
    more?: Partial<Period & { readonly purpose: 'server' | 'client'; readonly hosts: readonly string[] }>,
  ): Promise<TestCertificate>;
}

interface Period {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export const minutes = (count: number): Date => new Date(Date.now() + count * 60_000);

export async function testAuthority(name: string, period: Partial<Period> = {}): Promise<TestAuthority> {
  const own = generateKey();
  const subject = { commonName: name, organization: 'Test' };
  const usual = { notBefore: minutes(-1), notAfter: minutes(60) };
  const common = { issuer: subject, issuerKey: own };
  return {
    cert: await issueCertificate({
      ...common,
      ...usual,
      ...period,
      subject,
      publicKey: own.publicKey,
      purpose: 'authority',
    }),
    key: pem(own),
    async issue(commonName, more = {}) {
      const key = generateKey();
      const { publicKey } = key;
      const cert = await issueCertificate({
        ...common,
        subject: { commonName, organization: 'Test' },
        publicKey,
        purpose: 'client',
        ...usual,
        ...more,
      });
      return { cert, key: pem(key) };
    },
  };
}

function pem({ privateKey }: ReturnType<typeof generateKey>): string {
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}
