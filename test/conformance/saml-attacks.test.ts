/**
 * Attacks on SAML assertions. The attacker has an assertion about himself, signed by an identity provider, and wants to be
 * admin; or he makes one up. Each is refused with invalid_grant, and the assertion that he began with is still good, so
 * that it was the attack that was refused.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { assertionXml } from '../../src/adapters/saml/write-assertion.ts';
import { saml2Bearer } from '../../src/core/saml.ts';
import { type AuthorizationServer, addClient, startAuthorizationServer } from './authorization-server.ts';
import { addProvider, content, form, sign, type TestProvider } from './saml.ts';
import {
  behindIssuer,
  evil,
  extensions,
  idOf,
  inSignature,
  inside,
  signatureOf,
  withoutSignature,
} from './saml-wrapping.ts';

let server: AuthorizationServer;
let client: ConsumerKey;
let idp: TestProvider;
let other: TestProvider;

before(async () => {
  server = await startAuthorizationServer();
  await server.km.users.create({ name: 'admin', password: 'admin', roles: ['admin'] });
  client = await addClient(server, { grantTypes: [saml2Bearer] });
  idp = await addProvider(server);
  other = await addProvider(server);
});
after(() => server[Symbol.asyncDispose]());

/** About the attacker, as the provider signed it. */
const ownAssertion = (): Promise<string> => sign(idp, content(idp, server, { name: 'mallory' }));

const response = (parts: string, attributes = 'ID="_response"'): string =>
  `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ${attributes}>${parts}</samlp:Response>`;

/** A response that is signed as a whole, with an unsigned assertion about the attacker in it. */
const signedResponse = (): Promise<string> =>
  sign(
    idp,
    response(
      `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${idp.provider.entityId}</saml:Issuer>` +
        assertionXml(content(idp, server, { name: 'mallory' })),
    ),
  );
const evilResponse = (xml: string): string =>
  withoutSignature(xml).replace('_response', '_evil').replace('>mallory<', '>admin<');

type Wrap = (own: string) => string | Promise<string>;

/** The eight of "On Breaking SAML" (Somorovsky and others), as tools for testers number them. */
const inResponse: readonly [string, Wrap][] = [
  [
    'XSW1: the signed response in the signature of a forged one',
    async () => {
      const signed = await signedResponse();
      return behindIssuer(evilResponse(signed), inSignature(signatureOf(signed), withoutSignature(signed)));
    },
  ],
  [
    'XSW2: the signed response before the signature in a forged one',
    async () => {
      const signed = await signedResponse();
      return behindIssuer(evilResponse(signed), withoutSignature(signed) + signatureOf(signed));
    },
  ],
  ['XSW3: a forged assertion before the signed one', (own) => response(evil(own) + own)],
  ['XSW4: the signed assertion in a forged one', (own) => response(inside(evil(own), own))],
  [
    'XSW5: the signature in a forged assertion, what it is about at the end',
    (own) => response(behindIssuer(evil(own), signatureOf(own)) + withoutSignature(own)),
  ],
  [
    'XSW6: the signature in a forged assertion, what it is about in the signature',
    (own) => response(behindIssuer(evil(own), inSignature(signatureOf(own), withoutSignature(own)))),
  ],
  ['XSW7: a forged assertion in Extensions, before the signed one', (own) => response(extensions(evil(own)) + own)],
  [
    'XSW8: the signed assertion in an Object of the signature of a forged one in Extensions',
    (own) => response(extensions(behindIssuer(evil(own), inSignature(signatureOf(own), withoutSignature(own)))) + own),
  ],
];

/** The same where the root has to be the assertion itself. */
const asRoot: readonly [string, Wrap][] = [
  ['the signed assertion at the end of a forged one', (own) => inside(evil(own), own)],
  [
    'the signed assertion in the Advice of a forged one',
    (own) => inside(evil(own), `<saml:Advice>${own}</saml:Advice>`),
  ],
  [
    'the signature in a forged assertion, what it is about in Advice',
    (own) => behindIssuer(inside(evil(own), `<saml:Advice>${withoutSignature(own)}</saml:Advice>`), signatureOf(own)),
  ],
  [
    'the signature in a forged assertion, what it is about in an Object of it',
    (own) => behindIssuer(evil(own), inSignature(signatureOf(own), withoutSignature(own))),
  ],
  [
    'the same, with the same ID',
    (own) => behindIssuer(evil(own, idOf(own)), inSignature(signatureOf(own), withoutSignature(own))),
  ],
  [
    'what it is about in KeyInfo',
    (own) => behindIssuer(evil(own), signatureOf(own).replace('<ds:KeyInfo>', `<ds:KeyInfo>${withoutSignature(own)}`)),
  ],
  [
    'what it is about under another name and an ID in another namespace',
    (own) => {
      const hidden = withoutSignature(own)
        .replaceAll('saml:Assertion', 'saml:Evidence')
        .replace(' ID=', ' xmlns:x="urn:x" x:ID=');
      return behindIssuer(inside(evil(own, idOf(own)), `<saml:Advice>${hidden}</saml:Advice>`), signatureOf(own));
    },
  ],
  [
    'IDs that differ by case',
    (own) => behindIssuer(evil(own).replace(' ID="_evil"', ` ID="_evil" Id="${idOf(own)}"`), signatureOf(own)),
  ],
  ['a response around the signed assertion', (own) => response(own)],
  ['a forged assertion behind the signed one', (own) => own + evil(own)],
  ['another user in the signed assertion', (own) => own.replace('>mallory<', '>admin<')],
  ['two NameIDs', (own) => own.replace('<saml:NameID>', '<saml:NameID>admin</saml:NameID><saml:NameID>')],
  [
    'the signature of another assertion',
    async (own) =>
      behindIssuer(withoutSignature(own).replace('>mallory<', '>admin<'), signatureOf(await ownAssertion())),
  ],
  ['two signatures', (own) => behindIssuer(own, signatureOf(own))],
  ['no signature', (own) => withoutSignature(own)],
  ['an empty signature', (own) => own.replace(/<ds:SignatureValue>.*<\/ds:SignatureValue>/s, '<ds:SignatureValue/>')],
  [
    'a signature with nothing in it',
    (own) => own.replace(signatureOf(own), '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'),
  ],
];

/** What one reader takes for part of a text and another does not. None of it changes what a signature is about. */
const texts: readonly [string, Wrap][] = [
  ['a comment in NameID', (own) => own.replace('>mallory<', '>mal<!---->lory<')],
  ['a comment before everything', (own) => `<!-- -->${own}`],
  ['a CDATA section in NameID', (own) => own.replace('>mallory<', '><![CDATA[mallory]]><')],
  ['a processing instruction in NameID', (own) => own.replace('>mallory<', '>mal<?x?>lory<')],
  ['a processing instruction before everything', (own) => `<?x?>${own}`],
  ['a document type', (own) => `<!DOCTYPE x>${own}`],
  [
    'an external entity',
    (own) => `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${own.replace('>mallory<', '>&e;<')}`,
  ],
  ['an external document type', (own) => `<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">${own}`],
  [
    'an entity for the name',
    (own) => `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "mallory">]>${own.replace('>mallory<', '>&e;<')}`,
  ],
  [
    'entities that grow without end',
    (own) =>
      `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 20 }, (_, at) => `<!ENTITY a${at} "${'&a;'.repeat(10)}">`).join('')}]>${own.replace('>mallory<', '>&a19;<')}`,
  ],
  ['an entity that is nowhere declared', (own) => own.replace('>mallory<', '>mallory&e;<')],
  ['an attribute twice', (own) => own.replace(' Version="2.0"', ' Version="2.0" ID="_evil"')],
  ['a tag that is not closed', (own) => own.slice(0, -1)],
  ['no XML', () => 'mallory'],
  ['nothing but a declaration', () => '<?xml version="1.0"?>'],
  ['a zero byte', (own) => own.replace('>mallory<', '>admin\0<')],
  ['elements in elements without end', () => '<a>'.repeat(6000) + '</a>'.repeat(6000)],
];

for (const [group, attacks] of [
  ['wrapping, in a response', inResponse],
  ['wrapping, in an assertion', asRoot],
  ['parsing', texts],
] as const) {
  for (const [what, wrap] of attacks) {
    test(`400 invalid_grant, ${group}: ${what}`, async () => {
      const own = await ownAssertion();
      const attack = await wrap(own);
      assert.notEqual(attack, own);
      await refused(attack);
      await given(own);
    });
  }
}

async function refused(xml: string): Promise<void> {
  const answer = await server.post('/oauth2/token', form(xml), client);
  assert.deepEqual([answer.status, answer.json?.error], [400, 'invalid_grant'], answer.text);
}

async function given(xml: string): Promise<void> {
  const answer = await server.post('/oauth2/token', form(xml), client);
  assert.equal(answer.status, 200, answer.text);
}

const dsig = 'http://www.w3.org/2000/09/xmldsig#';
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const enveloped = `${dsig}enveloped-signature`;
const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256';

interface Profile {
  readonly transforms?: readonly string[];
  readonly canonicalization?: string;
  readonly emptyUri?: boolean;
  readonly references?: number;
  /** Signs by HMAC with this as the secret. */
  readonly secret?: string;
}

/** Signed with the provider's own key, but not as the profile of SAML has it. */
async function signOddly(
  xml: string,
  { transforms, canonicalization, emptyUri, references, secret }: Profile,
): Promise<string> {
  const { SignedXml } = await import('xml-crypto');
  const signer = new SignedXml({
    privateKey: secret ?? idp.key,
    signatureAlgorithm: secret === undefined ? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256' : `${dsig}hmac-sha1`,
    canonicalizationAlgorithm: (canonicalization ?? exclusive) as typeof exclusive,
  });
  if (secret !== undefined) signer.enableHMAC();
  signer.idAttributes = ['ID'];
  for (let at = 0; at < (references ?? 1); at++) {
    signer.addReference({
      xpath: at === 0 ? '/*' : "//*[local-name(.)='Subject']",
      transforms: [...(transforms ?? [enveloped, exclusive])],
      digestAlgorithm: sha256,
      ...(emptyUri && { isEmptyUri: true }),
    });
  }
  signer.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: "/*/*[local-name(.)='Issuer']", action: 'after' },
  });
  return signer.getSignedXml();
}

const c14n = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const odd: readonly [string, () => Profile][] = [
  ['HMAC with the certificate as its secret', () => ({ secret: idp.certificate })],
  ['HMAC with the public key as its secret', () => ({ secret: publicKey() })],
  ['HMAC with an empty secret', () => ({ secret: ' ' })],
  ['inclusive canonicalization of what is signed', () => ({ transforms: [enveloped, c14n] })],
  ['inclusive canonicalization of the signature', () => ({ canonicalization: c14n })],
  ['canonicalization with comments', () => ({ transforms: [enveloped, `${exclusive}WithComments`] })],
  ['no canonicalization', () => ({ transforms: [enveloped] })],
  ['a reference to the whole document', () => ({ emptyUri: true })],
  ['two references', () => ({ references: 2 })],
];

function publicKey(): string {
  const certificate = idp.certificate;
  return certificate.replace(/-----[^-]*-----|\s/g, '');
}

for (const [what, profile] of odd) {
  test(`400 invalid_grant, signature: ${what}`, async () => {
    const xml = assertionXml(content(idp, server, { name: 'mallory' }));
    await refused(await signOddly(xml, profile()));
    await given(await signOddly(xml, {}));
  });
}

test('400 invalid_grant, transform: XPath and XSLT, which choose what is signed', async () => {
  const own = await ownAssertion();
  for (const algorithm of [
    'http://www.w3.org/TR/1999/REC-xpath-19991116',
    'http://www.w3.org/TR/1999/REC-xslt-19991116',
  ]) {
    const transform = `<ds:Transform Algorithm="${algorithm}"><ds:XPath>//x</ds:XPath></ds:Transform>`;
    await refused(own.replace('</ds:Transforms>', `${transform}</ds:Transforms>`));
    await refused(own.replace('<ds:Transforms>', `<ds:Transforms>${transform}`));
  }
  await given(own);
});

test('400 invalid_grant, algorithms that nobody knows, or none', async () => {
  const own = await ownAssertion();
  const algorithms = [
    '',
    'none',
    'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
    `${dsig}hmac-sha1`,
    '__proto__',
  ];
  for (const algorithm of algorithms) {
    await refused(own.replace(/(<ds:SignatureMethod Algorithm=")[^"]*/, `$1${algorithm}`));
    await refused(own.replace(/(<ds:DigestMethod Algorithm=")[^"]*/, `$1${algorithm}`));
    await refused(own.replace(/(<ds:CanonicalizationMethod Algorithm=")[^"]*/, `$1${algorithm}`));
  }
  await given(own);
});

test('400 invalid_grant, the key of another provider, which is registered too', async () => {
  await refused(await sign(other, content(idp, server)));
  // And its certificate in the signature changes nothing.
  await refused(await sign({ key: other.key, certificate: idp.certificate }, content(idp, server)));
});

test('400 invalid_grant, the key of a stranger, whose certificate is in the signature', async () => {
  const stranger = await addProvider(server, { enabled: false });
  await refused(await sign(stranger, content(idp, server)));
});

test('400 invalid_grant, a provider of elliptic curves and a signature of RSA, and the other way round', async () => {
  const curve = await addProvider(server, {}, 'ec');
  await refused(await sign(idp, content(curve, server)));
  await refused(await sign(curve, content(idp, server)));
});

test('400 invalid_grant, an encrypted assertion', async () => {
  await refused('<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>');
});

test('400 invalid_grant, used before, expired, made for somebody else', async () => {
  const own = await ownAssertion();
  await given(own);
  await refused(own);
  await refused(await sign(idp, content(idp, server, { now: Date.now() - 3_600_000 })));
  await refused(await sign(idp, content(idp, server, { audiences: ['https://other.example/token'] })));
  await refused(await sign(idp, content(idp, server, { recipient: 'https://other.example/token' })));
});

test('white space in the markup, which signers leave there, does no harm', async () => {
  const spaced = (xml: string) => `\n${xml.replaceAll('><', '>\n  <')}\n`;
  await given(await sign(idp, content(idp, server), spaced));
});
