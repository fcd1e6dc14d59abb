import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { missing } from '../../../test/support/servers.ts';
import { issueCertificate } from '../../platform/x509.ts';
import { openTrustStore } from './index.ts';
import { decryptRc2 } from './rc2.ts';

const password = 'changeit';
const openssl = missing('openssl');
const keytool = missing('keytool');
const folder = mkdtempSync(join(tmpdir(), 'postern-trust-'));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

/** Certificates of an authority and of a server, with the server's key. */
let authority: X509Certificate;
let server: X509Certificate;

before(async () => {
  const name = (commonName: string) => ({ organization: 'Test', commonName });
  const period = { notBefore: new Date('2020-01-01'), notAfter: new Date('2040-01-01') };
  const authorityKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serverKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issued = { issuer: name('authority'), issuerKey: authorityKey, ...period };
  const authorityPem = await issueCertificate({
    ...issued,
    subject: name('authority'),
    publicKey: authorityKey.publicKey,
    purpose: 'authority',
  });
  const serverPem = await issueCertificate({
    ...issued,
    subject: name('server'),
    publicKey: serverKey.publicKey,
    purpose: 'server',
    hosts: ['localhost'],
  });
  authority = new X509Certificate(authorityPem);
  server = new X509Certificate(serverPem);
  writeFileSync(at('authority.pem'), authorityPem);
  writeFileSync(at('server.pem'), serverPem);
  writeFileSync(at('server.key'), serverKey.privateKey.export({ type: 'pkcs8', format: 'pem' }));
});

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: folder, stdio: 'pipe' });
}

async function aliases(file: string, secret = password): Promise<Record<string, string>> {
  const { certificates } = await openTrustStore(at(file), secret);
  return Object.fromEntries(certificates.map(({ alias, pem }) => [alias, new X509Certificate(pem).subject]));
}

const authoritySubject = 'O=Test\nCN=authority';
const serverSubject = 'O=Test\nCN=server';

describe('PKCS#12 of openssl', { skip: openssl }, () => {
  const ways: [what: string, ...args: string[]][] = [
    ['AES-256, PBKDF2, MAC with SHA-256'],
    ['AES-128 and HMAC with SHA-512', '-certpbe', 'AES-128-CBC', '-keypbe', 'AES-192-CBC', '-macalg', 'sha512'],
    ['the ways of old: RC2 with 40 bits, 3DES, SHA-1', '-legacy'],
    ['RC2 with 128 bits', '-legacy', '-certpbe', 'PBE-SHA1-RC2-128', '-keypbe', 'PBE-SHA1-RC2-40'],
    ['3DES', '-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    ['no encryption', '-certpbe', 'NONE', '-keypbe', 'NONE'],
    ['no MAC', '-nomac'],
    ['one iteration', '-noiter'],
  ];
  for (const [what, ...args] of ways) {
    it(`is read, key and chain: ${what}`, async () => {
      const file = `${createHash('sha1').update(what).digest('hex')}.p12`;
      run(
        'openssl',
        'pkcs12',
        '-export',
        '-in',
        'server.pem',
        '-inkey',
        'server.key',
        '-certfile',
        'authority.pem',
        '-name',
        'mein schlüssel',
        '-caname',
        'die stelle',
        '-passout',
        `pass:${password}`,
        '-out',
        file,
        ...args,
      );
      const { keys } = await openTrustStore(at(file), password);
      assert.deepEqual(await aliases(file), { 'mein schlüssel': serverSubject, 'die stelle': authoritySubject });
      assert.equal(keys[0]?.alias, 'mein schlüssel');
      assert.ok(server.checkPrivateKey(createPrivateKey(keys[0]?.key ?? '')));
      const chain = keys[0]?.chain.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
      assert.deepEqual(
        chain.map((pem) => new X509Certificate(pem).subject),
        [serverSubject, authoritySubject],
      );
    });
  }

  it('with a wrong password is refused, and the password is not in the error', async () => {
    run('openssl', 'pkcs12', '-export', '-nokeys', '-in', 'authority.pem', '-passout', 'pass:right', '-out', 'w.p12');
    await assert.rejects(openTrustStore(at('w.p12'), 'hush-wrong'), {
      name: 'TrustStoreError',
      message: `${at('w.p12')}: the password is wrong`,
    });
  });

  it('with an empty password is read', async () => {
    run('openssl', 'pkcs12', '-export', '-nokeys', '-in', 'authority.pem', '-passout', 'pass:', '-out', 'e.p12');
    assert.deepEqual(Object.values(await aliases('e.p12', '')), [authoritySubject]);
  });

  it('that is damaged anywhere is refused, never a crash', async () => {
    run(
      'openssl',
      'pkcs12',
      '-export',
      '-nokeys',
      '-in',
      'authority.pem',
      '-passout',
      `pass:${password}`,
      '-out',
      'd.p12',
    );
    const whole = readFileSync(at('d.p12'));
    for (let i = 0; i < whole.length; i += 7) {
      const damaged = Buffer.from(whole);
      damaged[i] = (damaged[i] as number) ^ 0x15;
      writeFileSync(at('damaged.p12'), damaged);
      // Some bytes say nothing (a length in another form): the certificate is whole then, since the MAC is.
      const subjects = await aliases('damaged.p12').then(
        (found) => Object.values(found),
        (error: Error) => error,
      );
      if (subjects instanceof Error) assert.equal(subjects.name, 'TrustStoreError', String(subjects.stack));
      else assert.deepEqual(subjects, [authoritySubject]);
      writeFileSync(at('cut.p12'), whole.subarray(0, i));
      await assert.rejects(openTrustStore(at('cut.p12'), password), { name: 'TrustStoreError' });
    }
  });
});

describe('stores of keytool', { skip: keytool }, () => {
  const make = (file: string, type: string, ...args: string[]) => {
    for (const [alias, pem] of [
      ['wso2apim310', 'authority.pem'],
      ['other', 'server.pem'],
    ] as const) {
      run(
        'keytool',
        ...args,
        '-importcert',
        '-noprompt',
        '-alias',
        alias,
        '-file',
        pem,
        '-keystore',
        file,
        '-storetype',
        type,
        '-storepass',
        password,
      );
    }
  };

  it('in JKS are read', async () => {
    make('store.jks', 'JKS');
    assert.deepEqual(await aliases('store.jks'), { wso2apim310: authoritySubject, other: serverSubject });
    await assert.rejects(openTrustStore(at('store.jks'), 'wrong'), {
      message: /store\.jks: the password is wrong, or/,
    });
    const whole = readFileSync(at('store.jks'));
    whole[60] = (whole[60] as number) ^ 1;
    writeFileSync(at('damaged.jks'), whole);
    await assert.rejects(openTrustStore(at('damaged.jks'), password), { name: 'TrustStoreError' });
  });

  it('in JKS with a private key give its certificate', async () => {
    run(
      'keytool',
      '-genkeypair',
      '-alias',
      'ballerina',
      '-keyalg',
      'RSA',
      '-dname',
      'CN=own',
      '-keystore',
      'keys.jks',
      '-storetype',
      'JKS',
      '-storepass',
      password,
      '-keypass',
      password,
    );
    assert.deepEqual(await aliases('keys.jks'), { ballerina: 'CN=own' });
    assert.deepEqual((await openTrustStore(at('keys.jks'), password)).keys, []);
  });

  it('in JKS give private keys, each under a password of its own', async () => {
    const who = ['-alias', 'own', '-keyalg', 'RSA', '-dname', 'CN=own', '-keystore', 'two.jks', '-storetype', 'JKS'];
    run('keytool', '-genkeypair', ...who, '-storepass', password, '-keypass', 'another secret');
    const { keys } = await openTrustStore(at('two.jks'), { password, keyPassword: 'another secret' });
    assert.equal(keys[0]?.alias, 'own');
    assert.ok(new X509Certificate(keys[0]?.chain ?? '').checkPrivateKey(createPrivateKey(keys[0]?.key ?? '')));
    await assert.rejects(openTrustStore(at('two.jks'), { password, keyPassword: password }), {
      name: 'KeyPasswordError',
      message: `${at('two.jks')}: the password of the private key is wrong, or the key is damaged`,
    });
  });

  it('in the form that they have by default, whatever the ending, give private keys', async () => {
    const who = ['-alias', 'wookie', '-keyalg', 'RSA', '-dname', 'CN=wookie', '-keystore', 'wookieKeystore.jks'];
    run('keytool', '-genkeypair', ...who, '-storepass', password);
    const { keys } = await openTrustStore(at('wookieKeystore.jks'), { password, keyPassword: password });
    assert.equal(keys[0]?.alias, 'wookie');
    assert.ok(new X509Certificate(keys[0]?.chain ?? '').checkPrivateKey(createPrivateKey(keys[0]?.key ?? '')));
  });

  it('in PKCS#12 are read', async () => {
    make('store.p12', 'PKCS12');
    assert.deepEqual(await aliases('store.p12'), { wso2apim310: authoritySubject, other: serverSubject });
  });

  it('in PKCS#12 as Java 8 wrote it are read', async () => {
    make('old.p12', 'PKCS12', '-J-Dkeystore.pkcs12.legacy');
    assert.deepEqual(await aliases('old.p12'), { wso2apim310: authoritySubject, other: serverSubject });
  });
});

describe('PEM', () => {
  it('of one certificate is called like its file', async () => {
    assert.deepEqual(await aliases('authority.pem'), { authority: authoritySubject });
  });

  it('of several has their names in the lines before them', async () => {
    const text = `# the one\n${authority}\nBag Attributes\n    friendlyName: the other\nsubject=x\n${server}\n${server}`;
    writeFileSync(at('several.pem'), text);
    assert.deepEqual(await aliases('several.pem'), {
      'the one': authoritySubject,
      'the other': serverSubject,
      'several-3': serverSubject,
    });
  });

  it('with a private key has the chain that begins with its certificate', async () => {
    writeFileSync(at('pair.pem'), `${authority}${server}${readFileSync(at('server.key'))}`);
    const { keys } = await openTrustStore(at('pair.pem'), '');
    assert.ok(server.checkPrivateKey(createPrivateKey(keys[0]?.key ?? '')));
    assert.ok(keys[0]?.chain.startsWith(server.toString()));
  });

  it('with an encrypted private key has it with the right password only', async () => {
    const key = createPrivateKey(readFileSync(at('server.key')));
    const pem = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: password });
    writeFileSync(at('sealed.pem'), `${server}${pem}`);
    const { keys } = await openTrustStore(at('sealed.pem'), password);
    assert.ok(server.checkPrivateKey(createPrivateKey(keys[0]?.key ?? '')));
    await assert.rejects(openTrustStore(at('sealed.pem'), 'wrong'), /sealed\.pem: .*the password is wrong/);
  });

  it('in a folder, beside DER, is read; other files are not', async () => {
    mkdirSync(at('many'));
    writeFileSync(at('many/a.crt'), authority.raw);
    writeFileSync(at('many/b.pem'), server.toString());
    writeFileSync(at('many/README'), 'no certificate');
    assert.deepEqual(await aliases('many'), { a: authoritySubject, b: serverSubject });
  });
});

describe('what is no store is refused by name', () => {
  for (const [content, expected] of [
    ['', /x\.bin: expected PEM, PKCS#12, JKS or a certificate in DER$/],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /x\.bin: a certificate in it is damaged$/],
    ['-----BEGIN NOTHING-----\n', /x\.bin: there is no certificate in it$/],
    ['\x30\x03abc', /x\.bin: it is neither a PKCS#12 file nor a certificate in DER$/],
    ['\x30\x08\x02\x01\x03abcde', /x\.bin: it can't be read as PKCS#12: /],
  ] as const) {
    it(JSON.stringify(content), async () => {
      writeFileSync(at('x.bin'), content);
      await assert.rejects(openTrustStore(at('x.bin'), ''), { name: 'TrustStoreError', message: expected });
    });
  }

  it('a missing file', async () => {
    await assert.rejects(openTrustStore(at('none.p12'), ''), { message: `${at('none.p12')}: there is no such file` });
  });
});

/** None of these takes long: what says how much there is to do is not believed. */
describe('what would keep the processor busy is refused, with the limit', () => {
  const tlv = (tag: number, ...parts: Buffer[]): Buffer => {
    const content = Buffer.concat(parts);
    const head = Buffer.from([tag, 0x84, 0, 0, 0, 0]);
    head.writeUInt32BE(content.length, 2);
    return Buffer.concat([head, content]);
  };
  const integer = (value: number): Buffer => {
    const content = Buffer.alloc(6);
    content.writeUIntBE(value, 0, 6);
    return tlv(0x02, content);
  };
  const identifier = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'));
  const algorithm = (hex: string, ...parameters: Buffer[]): Buffer => tlv(0x30, identifier(hex), ...parameters);
  const data = identifier('2a864886f70d010701');
  const sha1 = algorithm('2b0e03021a');
  const pfx = (content: Buffer, mac: Buffer = Buffer.alloc(0)): Buffer =>
    Buffer.concat([
      // The version has to stand in the first bytes.
      ...[Buffer.from([0x30, 0x84]), lengthOf(content, mac), Buffer.from([0x02, 0x01, 0x03])],
      ...[tlv(0x30, data, tlv(0xa0, tlv(0x04, content))), mac],
    ]);
  const lengthOf = (content: Buffer, mac: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(3 + tlv(0x30, data, tlv(0xa0, tlv(0x04, content))).length + mac.length);
    return length;
  };
  const macOf = (length: number, rounds: number, salt = 8): Buffer =>
    tlv(0x30, tlv(0x30, sha1, tlv(0x04, Buffer.alloc(length))), tlv(0x04, Buffer.alloc(salt)), integer(rounds));
  const encrypted = (scheme: Buffer): Buffer =>
    tlv(
      0x30,
      identifier('2a864886f70d010706'),
      tlv(0xa0, tlv(0x30, integer(0), tlv(0x30, data, scheme, tlv(0x80, Buffer.alloc(16))))),
    );
  const pbes2 = (rounds: number): Buffer => {
    const derivation = algorithm('2a864886f70d01050c', tlv(0x30, tlv(0x04, Buffer.alloc(8)), integer(rounds)));
    const cipher = algorithm('60864801650304012a', tlv(0x04, Buffer.alloc(16)));
    return algorithm('2a864886f70d01050d', tlv(0x30, derivation, cipher));
  };
  const older = (rounds: number): Buffer =>
    algorithm('2a864886f70d010c0103', tlv(0x30, tlv(0x04, Buffer.alloc(8)), integer(rounds)));
  const nested = (levels: number): Buffer => (levels === 0 ? Buffer.alloc(0) : tlv(0x30, nested(levels - 1)));
  const pem = (label: string, content: Buffer): string =>
    `-----BEGIN ${label}-----\n${content.toString('base64')}\n-----END ${label}-----\n`;
  const rounds = /bomb: .*its keys take more than 1500000 rounds of hashing$/;

  for (const [what, content, expected] of [
    ['5 million rounds for the MAC', () => pfx(tlv(0x30), macOf(20, 5_000_000)), rounds],
    ['2^47 rounds for the MAC', () => pfx(tlv(0x30), macOf(20, 2 ** 47)), rounds],
    [
      'a MAC of a megabyte',
      () => pfx(tlv(0x30), macOf(1 << 20, 100_000)),
      /its MAC has 1048576 bytes; one of sha1 has 20/,
    ],
    ['a salt of a megabyte', () => pfx(tlv(0x30), macOf(20, 1, 1 << 20)), /a salt has more than 1024 bytes/],
    ['10 million rounds of PBKDF2', () => pfx(tlv(0x30, encrypted(pbes2(10_000_000)))), rounds],
    ['5 million rounds of the older way', () => pfx(tlv(0x30, encrypted(older(5_000_000)))), rounds],
    ['values in values', () => pfx(nested(1000)), /more than 64 levels/],
    ['a million values', () => pfx(tlv(0x30, Buffer.alloc(2_000_000))), /it has more than 100000 values/],
    ['more bytes than are read', () => Buffer.alloc((4 << 20) + 1, 0x30), /it has more than 4194304 bytes/],
    [
      'blocks that never end',
      () => Buffer.from('-----BEGIN A-----\n'.repeat(200_000)),
      /there is no certificate in it/,
    ],
    [
      'more certificates than are read',
      () => Buffer.from(pem('CERTIFICATE', Buffer.alloc(1)).repeat(5001)),
      /more than 5000 certificates/,
    ],
    [
      'more keys than are read',
      () => Buffer.from(pem('PRIVATE KEY', Buffer.alloc(1)).repeat(101)),
      /more than 100 keys/,
    ],
    [
      'an encrypted key of many rounds',
      () => Buffer.from(pem('ENCRYPTED PRIVATE KEY', tlv(0x30, pbes2(2_000_000_000), tlv(0x04, Buffer.alloc(64))))),
      /its private keys take more than 1000000 rounds of hashing/,
    ],
  ] as const) {
    it(what, { timeout: 10_000 }, async () => {
      writeFileSync(at('bomb'), content());
      const error = await openTrustStore(at('bomb'), password).then(
        () => assert.fail('it was opened'),
        (reason: Error) => reason,
      );
      assert.equal(error.name, 'TrustStoreError');
      assert.ok(error.message.startsWith(`${at('bomb')}: `), error.message);
      assert.match(error.message, expected);
    });
  }

  it('spaces without end in the line of an alias', { timeout: 10_000 }, async () => {
    writeFileSync(at('spaces.pem'), `# a${' '.repeat(1_000_000)}b\n${authority}`);
    assert.deepEqual(Object.values(await aliases('spaces.pem')), [authoritySubject]);
  });
});

/** RFC 2268 section 5: key, effective bits, plain text, cipher text. */
describe('RC2', () => {
  const vectors: [key: string, bits: number, plain: string, cipher: string][] = [
    ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
    ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
    ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
    ['88bca90e90875a7f0f79c384627bafb2', 128, '0000000000000000', '2269552ab0f85ca6'],
  ];
  for (const [key, bits, plain, cipher] of vectors) {
    it(`${plain} with ${bits} bits`, () => {
      // The vector of CBC mode is chosen so that the block decrypts to padding alone.
      const vector = Buffer.from(Buffer.from(plain, 'hex').map((byte) => byte ^ 8));
      const decrypt = (block: Buffer) => decryptRc2(Buffer.from(key, 'hex'), bits, vector, block);
      assert.deepEqual(decrypt(Buffer.from(cipher, 'hex')), Buffer.alloc(0));
      assert.throws(() => decrypt(Buffer.from(cipher, 'hex').subarray(1)), RangeError);
    });
  }
});
