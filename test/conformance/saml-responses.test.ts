/**
 * Responses to our requests for a log-in, as the rules of SAML 2.0 have them (profiles section 4.1.4.3), and attacks on
 * them: the attacker has a response about himself and wants to be admin. Each is refused, and the response that it began
 * with is good, so that it was the attack that was refused.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { signEnveloped } from '../../src/adapters/xml/sign-enveloped.ts';
import { samlDefaults } from '../../src/core/identity-provider.ts';
import { type AcceptedResponse, acceptResponse } from '../../src/key-manager/federation/saml2/accept-response.ts';
import { NotLoggedIn } from '../../src/key-manager/federation/saml2/check-status.ts';
import type { Expected } from '../../src/key-manager/federation/saml2/response.ts';
import { SamlRefusal } from '../../src/key-manager/saml/assertion.ts';
import { sign, type TestProvider } from './saml.ts';
import {
  assertion,
  consumer,
  entityId,
  expected,
  field,
  newProvider,
  nowMs,
  type ResponseContent,
  requestId,
  response,
  signedAssertion,
  signedTwice,
  signedWhole,
} from './saml-response.ts';
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

let idp: TestProvider;
let other: TestProvider;

before(async () => {
  idp = await newProvider();
  other = await newProvider({ entityId: 'https://other.example' });
});

const accept = (xml: string, changes: Partial<Expected> = {}): Promise<AcceptedResponse> =>
  acceptResponse(field(xml), expected(idp, changes));

const refused = (work: Promise<unknown>, why: RegExp): Promise<void> =>
  assert.rejects(work, (error: Error) => {
    assert.ok(error instanceof SamlRefusal, String(error.stack));
    assert.match(error.message, why);
    return true;
  });

for (const [what, make] of [
  ['its assertion is', signedAssertion],
  ['it is', signedWhole],
  ['both are', signedTwice],
] as const) {
  test(`a response is taken when ${what} signed`, async () => {
    const accepted = await accept(await make(idp, { id: '_one' }));
    assert.deepEqual(accepted, {
      ...{ id: '_one', name: 'mallory', endsAt: nowMs / 1000 + 300, roles: [], claims: {} },
      ...{ authenticatedAt: nowMs / 1000, sessionEndsAt: null, methods: [] },
    });
  });
}

const withAssertion = (change: (xml: string) => string) => async (): Promise<string> =>
  response(idp, await sign(idp, change(assertion(idp))));

const replaced = (from: string | RegExp, to: string) => (xml: string) => {
  assert.notEqual(xml.replace(from, to), xml, String(from));
  return xml.replace(from, to);
};

/** Unsigned itself, with a good assertion. */
const withResponse = (content: ResponseContent) => async (): Promise<string> =>
  response(idp, await sign(idp, assertion(idp)), content);

/** Signed itself, with an assertion that is not. */
const withWhole =
  (content: ResponseContent, behind = 'Issuer') =>
  (): Promise<string> =>
    signEnveloped(response(idp, assertion(idp), content), { key: idp.key, behind });

const at = (ms: number): string => new Date(nowMs + ms).toISOString();

const rules: readonly [section: string, must: string, make: () => Promise<string>, why: RegExp][] = [
  [
    'bindings 3.5.4',
    'it has no more elements than can be walked over again and again',
    async () => replaced('</samlp:Response>', `${'<x/>'.repeat(1000)}</samlp:Response>`)(await withResponse({})()),
    /more than 1000 elements/,
  ],
  [
    'bindings 3.5.5.2',
    'Destination is our consumer service',
    withResponse({ attributes: { Destination: 'https://evil.example/' } }),
    /Destination/,
  ],
  [
    'bindings 3.5.5.2',
    'no prefix of it does',
    withResponse({ attributes: { Destination: consumer.slice(0, -1) } }),
    /Destination/,
  ],
  [
    'bindings 3.5.5.2',
    'a signed response has a Destination',
    withWhole({ attributes: { Destination: undefined } }),
    /Destination/,
  ],
  ['profiles 4.1.4.2', 'a signed response has an Issuer', withWhole({ issuer: null }, 'Status'), /Issuer/],
  [
    'profiles 4.1.4.2',
    'the Issuer of the response is the provider',
    withResponse({ issuer: 'https://other.example' }),
    /Issuer/,
  ],
  [
    'profiles 4.1.4.2',
    'the Issuer of the assertion is the provider',
    withAssertion(replaced('https://idp.example/saml', 'https://other.example')),
    /Issuer/,
  ],
  [
    'profiles 4.1.4.3',
    'InResponseTo of the response is our request',
    withResponse({ attributes: { InResponseTo: '_other' } }),
    /InResponseTo/,
  ],
  [
    'profiles 4.1.4.3',
    'a response that nobody asked for is not taken',
    withResponse({ attributes: { InResponseTo: undefined } }),
    /InResponseTo/,
  ],
  [
    'profiles 4.1.4.3',
    'InResponseTo of the confirmation is our request',
    withAssertion(replaced('InResponseTo="_request"', 'InResponseTo="_other"')),
    /InResponseTo/,
  ],
  [
    'profiles 4.1.4.3',
    'the confirmation has an InResponseTo',
    withAssertion(replaced('InResponseTo="_request"', '')),
    /InResponseTo/,
  ],
  [
    'profiles 4.1.4.3',
    'Recipient is our consumer service',
    withAssertion(replaced(`Recipient="${consumer}"`, `Recipient="https://evil.example/"`)),
    /Recipient/,
  ],
  ['profiles 4.1.4.2', 'there is a Recipient', withAssertion(replaced(/ Recipient="[^"]*"/, '')), /Recipient/],
  [
    'profiles 4.1.4.2',
    'the confirmation ends',
    withAssertion(replaced(/ NotOnOrAfter="[^"]*"(?=[^>]*Recipient)/, '')),
    /NotOnOrAfter/,
  ],
  [
    'profiles 4.1.4.2',
    'the subject is confirmed by its bearer',
    withAssertion(replaced('cm:bearer', 'cm:sender-vouches')),
    /bearer/,
  ],
  [
    'profiles 4.1.4.2',
    'there is an AuthnStatement',
    withAssertion(replaced(/<saml:AuthnStatement.*<\/saml:AuthnStatement>/, '')),
    /AuthnStatement/,
  ],
  [
    'core 2.5.1.4',
    'Audience is our entity id',
    withAssertion(replaced(`<saml:Audience>${entityId}<`, '<saml:Audience>https://other.example<')),
    /Audience/,
  ],
  [
    'core 2.5.1.4',
    'each AudienceRestriction names us',
    withAssertion(
      replaced(
        '</saml:Conditions>',
        '<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction></saml:Conditions>',
      ),
    ),
    /Audience/,
  ],
  [
    'core 2.5.1',
    'a condition that is not known refuses',
    withAssertion(replaced('</saml:Conditions>', '<saml:Condition/></saml:Conditions>')),
    /condition/,
  ],
  [
    'core 2.5.1.2',
    'Conditions have begun',
    withAssertion(replaced(/NotBefore="[^"]*"/, `NotBefore="${at(61_000)}"`)),
    /NotBefore/,
  ],
  [
    'core 2.7.2',
    'AuthnInstant is not in the future',
    withAssertion(replaced(/AuthnInstant="[^"]*"/, `AuthnInstant="${at(61_000)}"`)),
    /AuthnInstant/,
  ],
  [
    'core 2.7.2',
    'the session of the user is not over',
    withAssertion(replaced(' AuthnInstant', ` SessionNotOnOrAfter="${at(0)}" AuthnInstant`)),
    /SessionNotOnOrAfter/,
  ],
  ['core 3.2.2', 'Version is 2.0', withResponse({ attributes: { Version: '1.1' } }), /Version/],
  ['core 3.2.2', 'there is an IssueInstant', withResponse({ attributes: { IssueInstant: undefined } }), /IssueInstant/],
  [
    'core 3.2.2',
    'the response is not from the future',
    withResponse({ attributes: { IssueInstant: at(61_000) } }),
    /IssueInstant/,
  ],
  ['core 3.2.2.1', 'there is a Status', withResponse({ status: '' }), /Status/],
  ['core 3.3.3', 'there is an assertion', async () => response(idp, ''), /no assertion/],
  [
    'core 3.3.3',
    'the assertion stands directly in the response',
    async () => response(idp, `<samlp:Extensions>${await sign(idp, assertion(idp))}</samlp:Extensions>`),
    /where it belongs/,
  ],
  [
    'core 2.3.3',
    'the Issuer of an assertion is the provider where the response is signed too',
    () => sign(idp, response(idp, assertion(idp, { issuer: 'https://other.example' }))),
    /another Issuer/,
  ],
  ['core 5.4', 'something is signed', async () => response(idp, assertion(idp)), /is signed/],
  ['core 5.4', 'by the provider', async () => response(idp, await sign(other, assertion(idp))), /another key/],
  [
    'core 5.4',
    'the response too, where it is signed',
    async () => sign(other, await signedAssertion(idp)),
    /another key/,
  ],
  [
    'core 5.4',
    'the assertion too, where the response is signed',
    async () => sign(idp, response(idp, await sign(other, assertion(idp)))),
    /another key/,
  ],
  [
    'core 6.1',
    'an encrypted assertion is refused by name',
    async () => response(idp, '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>'),
    /EncryptedAssertion/,
  ],
];

for (const [section, must, make, why] of rules) {
  test(`SAML ${section}: ${must}`, async () => {
    await refused(accept(await make()), why);
  });
}

test('a clock that is 60 s ahead is no reason to refuse', async () => {
  const late = nowMs - 59_000;
  await acceptResponse(field(await signedTwice(idp)), expected(idp, { nowMs: late }));
});

test('an expired assertion is refused to the second', async () => {
  const xml = await signedAssertion(idp);
  await accept(xml, { nowMs: nowMs + 299_999 });
  await refused(accept(xml, { nowMs: nowMs + 300_000 }), /expired/);
});

test('who is named for one log-in only is refused, unless an attribute names him', async () => {
  const format = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
  const transient = await withAssertion(replaced('<saml:NameID>', `<saml:NameID Format="${format}">`))();
  await refused(accept(transient), /transient/);
  const uid = { provider: { ...idp.provider, saml2: { ...samlDefaults, nameAttribute: 'uid' } } };
  await refused(accept(transient, uid), /uid is empty/);
  const named = (values: readonly string[]) => signedAssertion(idp, { attributes: [['uid', values]] });
  assert.equal((await accept(await named(['jane']), uid)).name, 'jane');
  await refused(accept(await named(['jane', 'admin']), uid), /one value of uid/);
});

test('the end of the session, how the user logged in, roles and claims are read', async () => {
  const { provider } = idp;
  const mapped = { ...provider, roles: { staff: ['editor'] }, roleAttribute: 'groups', claims: { mail: 'email' } };
  const attributes = [
    ['groups', ['staff', 'other']],
    ['mail', ['m@example.com']],
  ] as const;
  const said = assertion(idp, { attributes })
    .replace(' AuthnInstant', ` SessionNotOnOrAfter="${at(3_600_000)}" AuthnInstant`)
    .replace('classes:unspecified', 'classes:PasswordProtectedTransport');
  const accepted = await accept(response(idp, await sign(idp, said)), { provider: mapped });
  assert.deepEqual(accepted.roles, ['editor']);
  assert.deepEqual(accepted.claims, { email: 'm@example.com' });
  assert.deepEqual(accepted.methods, ['pwd']);
  assert.equal(accepted.sessionEndsAt, nowMs / 1000 + 3600);
});

const status = (codes: readonly string[], message = ''): string => {
  const inner = codes.reduceRight(
    (content, code) =>
      `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${code}">${content}</samlp:StatusCode>`,
    '',
  );
  return `<samlp:Status>${inner}${message}</samlp:Status>`;
};

for (const [codes, message, shown] of [
  [['Responder', 'AuthnFailed'], '', 'it could not tell who you are (AuthnFailed)'],
  [
    ['Requester'],
    '<samlp:StatusMessage>no such SP</samlp:StatusMessage>',
    'it did not take our request (Requester) and wrote: “no such SP”',
  ],
  [['Responder', '&lt;b&gt;'], '', 'it said no'],
] as const) {
  test(`who is not let in learns why: ${shown}`, async () => {
    const failed = accept(response(idp, '', { status: status(codes, message) }));
    await assert.rejects(failed, (error: Error) => error instanceof NotLoggedIn && error.message === shown);
  });
}

test('an assertion beside a status that is no success is not taken', async () => {
  const xml = response(idp, await sign(idp, assertion(idp)), { status: status(['Responder']) });
  await assert.rejects(accept(xml), NotLoggedIn);
});

const wrapped = (parts: string): string => response(idp, parts);

/** The eight of "On Breaking SAML" (Somorovsky and others), as tools for testers number them. `own`: an assertion, signed; `whole`: a response. */
const attacks: readonly [string, (own: string, whole: string) => string][] = [
  [
    'XSW1: the signed response in the signature of a forged one',
    (_own, whole) => behindIssuer(evil(whole), inSignature(signatureOf(whole), withoutSignature(whole))),
  ],
  [
    'XSW2: the signed response before the signature in a forged one',
    (_own, whole) => behindIssuer(evil(whole), withoutSignature(whole) + signatureOf(whole)),
  ],
  ['XSW3: a forged assertion before the signed one', (own) => wrapped(evil(own) + own)],
  ['XSW3 the other way round', (own) => wrapped(own + evil(own))],
  ['XSW4: the signed assertion in a forged one', (own) => wrapped(inside(evil(own), own))],
  [
    'XSW5: the signature in a forged assertion, what it is about at the end',
    (own) => wrapped(behindIssuer(evil(own), signatureOf(own)) + withoutSignature(own)),
  ],
  [
    'XSW6: the signature in a forged assertion, what it is about in the signature',
    (own) => wrapped(behindIssuer(evil(own), inSignature(signatureOf(own), withoutSignature(own)))),
  ],
  ['XSW7: a forged assertion in Extensions, before the signed one', (own) => wrapped(extensions(evil(own)) + own)],
  [
    'XSW8: the signed assertion in an Object of the signature of a forged one in Extensions',
    (own) => wrapped(extensions(behindIssuer(evil(own), inSignature(signatureOf(own), withoutSignature(own)))) + own),
  ],
  [
    'the signed assertion in Extensions, a forged one in its place',
    (own) => response(idp, extensions(own) + evil(own)),
  ],
  [
    'the signature of the assertion moved to the response',
    (own) => behindIssuer(response(idp, evil(own, idOf(own))), signatureOf(own)),
  ],
  [
    'the same, the response having the ID of the assertion',
    (own) => behindIssuer(response(idp, evil(own), { attributes: { ID: idOf(own) } }), signatureOf(own)),
  ],
  ['the same ID in a forged and in the signed assertion', (own) => wrapped(evil(own, idOf(own)) + own)],
  [
    'what is signed under another name',
    (own) =>
      wrapped(
        behindIssuer(evil(own), signatureOf(own)) + withoutSignature(own).replaceAll('saml:Assertion', 'saml:Evidence'),
      ),
  ],
  [
    'what is signed under another name, the forged one with its ID',
    (own) =>
      wrapped(
        behindIssuer(evil(own, idOf(own)), signatureOf(own)) +
          withoutSignature(own).replaceAll('saml:Assertion', 'saml:Evidence').replace(' ID=', ' xmlns:x="urn:x" x:ID='),
      ),
  ],
  [
    'an assertion of another namespace around the signed one',
    (own) => wrapped(`<Assertion xmlns="urn:x">${own}</Assertion>`),
  ],
  [
    'a forged assertion of another namespace',
    (own) => wrapped(`${evil(own).replace('SAML:2.0:assertion', 'SAML:1.0:assertion')}${own}`),
  ],
  ['another user in the signed assertion', (own) => wrapped(own.replace('>mallory<', '>admin<'))],
  ['another user in the signed response', (_own, whole) => whole.replace('>mallory<', '>admin<')],
  ['a forged assertion put into the signed response', (own, whole) => inside(whole, evil(own))],
  [
    'a forged assertion in place of the one in the signed response',
    (own, whole) => whole.replace(/<saml:Assertion.*<\/saml:Assertion>/s, evil(own)),
  ],
  ['the signature taken off', (own) => wrapped(withoutSignature(own))],
  ['the signature twice', (own) => wrapped(behindIssuer(own, signatureOf(own)))],
  ['a signature in Extensions', (own) => wrapped(extensions(signatureOf(own)) + own)],
  [
    'an empty signature',
    (own) => wrapped(own.replace(/<ds:SignatureValue>.*<\/ds:SignatureValue>/s, '<ds:SignatureValue/>')),
  ],
  ['a comment in the name', (own) => wrapped(own.replace('>mallory<', '>mal<!---->lory<'))],
  ['a processing instruction in the name', (own) => wrapped(own.replace('>mallory<', '>mal<?x?>lory<'))],
  [
    'a document type with an entity',
    (own) => `<!DOCTYPE x [<!ENTITY e "mallory">]>${wrapped(own.replace('>mallory<', '>&e;<'))}`,
  ],
  [
    'an external entity',
    (own) => `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${wrapped(own.replace('>mallory<', '>&e;<'))}`,
  ],
  ['an assertion without a response', (own) => own],
  ['a response in a response', (_own, whole) => wrapped(whole)],
  ['two responses', (_own, whole) => whole + whole],
];

for (const [what, attack] of attacks) {
  test(`refused, ${what}`, async () => {
    const own = await sign(idp, assertion(idp));
    const whole = await signedWhole(idp);
    const forged = attack(own, whole);
    assert.notEqual(forged, whole);
    await refused(accept(forged), /./);
    assert.equal((await accept(wrapped(own))).name, 'mallory');
    assert.equal((await accept(whole)).name, 'mallory');
  });
}

for (const [what, text] of [
  ['nothing', ''],
  ['no base64', '%%%'],
  ['base64url', '-_-_'],
  ['no UTF-8', '/////w=='],
  ['no XML', field('mallory')],
] as const) {
  test(`refused, ${what} for a response`, () => refused(acceptResponse(text, expected(idp)), /expected|well-formed/));
}

test('white space in the markup, and lines of base64, do no harm', async () => {
  const spaced = response(idp, await sign(idp, assertion(idp), (xml) => xml.replaceAll('><', '>\n  <')));
  const lines = field(spaced).replace(/.{76}/g, '$&\r\n');
  assert.equal((await acceptResponse(lines, expected(idp))).name, 'mallory');
});

test(`the request's ID is what the response has to name, ${requestId} here`, async () => {
  await refused(accept(await signedTwice(idp), { requestId: '_of another browser' }), /InResponseTo/);
});
