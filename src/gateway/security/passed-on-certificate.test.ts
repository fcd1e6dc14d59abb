import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { testAuthority } from '../../../test/support/client-certificate.ts';
import { readCertificate } from './passed-on-certificate.ts';

let cert: string;
before(async () => {
  ({ cert } = await testAuthority('Test'));
});

test('a certificate is read in each form in which proxies write it', () => {
  const oneLine = cert.trim().replaceAll('\n', ' ');
  const bare = cert.replace(/-----[^-]+-----|\s/g, '');
  for (const value of [
    oneLine,
    cert.trim().replaceAll('\n', '\t'),
    `  ${bare} `,
    `:${bare}:`,
    encodeURIComponent(cert),
    Buffer.from(cert).toString('base64'),
    Buffer.from(cert).toString('base64').replace(/.{76}/g, '$& '),
  ]) {
    assert.equal(readCertificate(value)?.subject, 'O=Test\nCN=Test', value);
  }
});

test('what is no certificate, or more than one, is none', () => {
  const bare = cert.replace(/-----[^-]+-----|\s/g, '');
  for (const value of [
    '',
    'x',
    '%',
    ':',
    `${bare}, ${bare}`,
    `${cert}${cert}`,
    bare.slice(0, 100),
    `${bare}!`,
    `=${bare}`,
  ])
    assert.equal(readCertificate(value), null, value);
});
