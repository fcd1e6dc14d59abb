/** SAML 2.0 Web Browser SSO Profile, as an identity provider: what service providers, browsers and attackers see. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { after, before } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { updateServiceProvider } from '../../src/adapters/stores/service-providers.ts';
import { attributeOf, everyElement } from '../../src/adapters/xml/elements.ts';
import { parseXml } from '../../src/adapters/xml/parse-xml.ts';
import { signEnveloped } from '../../src/adapters/xml/sign-enveloped.ts';
import { verifyEnveloped } from '../../src/adapters/xml/verify-enveloped.ts';
import type { ServiceProvider } from '../../src/core/service-provider.ts';
import { Browser } from '../support/browser.ts';
import type { AuthorizationServer } from './authorization-server.ts';
import { addOpenIdProvider } from './federation.ts';
import { startLyingProvider } from './lying-provider.ts';
import { type Rule, verify } from './rule.ts';
import { certified } from './saml.ts';
import {
  addServiceProvider,
  assertionIn,
  consumerUrl,
  delivery,
  logInAt,
  post,
  redirectUrl,
  requestXml,
  rsaSha256,
  signedUrl,
  startProvider,
  xmlOf,
} from './service-provider.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly provider: ServiceProvider;
  /** Signs its requests. */
  readonly signing: ServiceProvider & { readonly key: KeyObject };
  /** In which mary has logged in. */
  readonly browser: Browser;
  /** What the service provider is answered at once, as somebody has logged in. */
  answered(url: string): Promise<string>;
  /** 400 on a page of ours, from which nobody is sent anywhere. */
  refused(url: string, why: RegExp): Promise<void>;
}

let subject: Subject;
before(async () => {
  const server = await startProvider();
  const provider = await addServiceProvider(server, {
    consumerUrls: [consumerUrl, 'https://app.example/other'],
    roleAttribute: 'role',
    claims: { email: 'mail', given_name: 'givenName' },
  });
  const { key, certificate } = await certified('rsa');
  const signing = await addServiceProvider(server, { certificates: [certificate], requireSignedRequests: true });
  const browser = await logInAt(server, redirectUrl(server, requestXml(server, provider)));
  subject = {
    ...{ server, provider, browser, signing: { ...signing, key } },
    async answered(url) {
      await browser.go(url);
      return xmlOf(delivery(browser, /action="([^"]*)" id="answer"/.exec(browser.page?.text ?? '')?.[1]));
    },
    async refused(url, why) {
      await browser.go(url);
      const { status, text = '' } = browser.page ?? {};
      assert.deepEqual([status, text.includes('<form')], [400, false], text);
      assert.match(problemOf(text), why);
    },
  };
});
/** What went wrong, as the page says it. */
const problemOf = (page: string): string =>
  (/<p role="alert">([^<]*)<\/p>/.exec(page)?.[1] ?? '').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));

after(() => subject.server[Symbol.asyncDispose]());

const statusOf = (xml: string): string[] =>
  [...xml.matchAll(/StatusCode Value="urn:oasis:names:tc:SAML:2\.0:status:(\w+)"/g)].map(([, name]) => name as string);
const attribute = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`\\b${name}="([^"]*)"`, 'g'))].map(([, value]) => value as string);
const policy = (attributes: string): string =>
  `<samlp:NameIDPolicy xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ${attributes}/>`;
const context = (name: string, comparison = 'exact'): string =>
  `<samlp:RequestedAuthnContext Comparison="${comparison}"><saml:AuthnContextClassRef xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:oasis:names:tc:SAML:2.0:ac:classes:${name}</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>`;
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

const who: readonly Rule<Subject>[] = [
  {
    section: 'profiles 4.1.4.1',
    must: 'nobody is sent anywhere for an Issuer that is not registered, or is switched off: 400',
    async check({ server, refused }) {
      await refused(redirectUrl(server, requestXml(server, { entityId: 'urn:nobody' })), /no service provider here/);
      const off = await addServiceProvider(server, { enabled: false });
      await refused(redirectUrl(server, requestXml(server, off)), /no service provider here/);
    },
  },
  {
    section: 'core 3.4.1',
    must: 'the answer goes to an assertion consumer service that is registered, byte for byte: 400 for any other',
    async check({ server, provider, answered, refused }) {
      const strange = ['https://evil.example/', `${consumerUrl}/`, `${consumerUrl}?x=y`, `${consumerUrl}#x`].concat([
        consumerUrl.replace('app', 'APP'),
        consumerUrl.replace('.example', '.example:443'),
        `${consumerUrl}@evil.example`,
        '',
      ]);
      for (const url of strange) {
        const xml = requestXml(server, provider, { AssertionConsumerServiceURL: url });
        await refused(redirectUrl(server, xml), /is not registered/);
      }
      const other = { AssertionConsumerServiceURL: 'https://app.example/other' };
      const xml = await answered(redirectUrl(server, requestXml(server, provider, other)));
      assert.equal(attribute(xml, 'Destination')[0], 'https://app.example/other');
      const usual = await answered(
        redirectUrl(server, requestXml(server, provider, { AssertionConsumerServiceURL: null })),
      );
      assert.deepEqual(
        [attribute(usual, 'Destination')[0], attribute(usual, 'Recipient')],
        [consumerUrl, [consumerUrl]],
      );
    },
  },
  {
    section: 'core 3.4.1',
    must: 'an AssertionConsumerServiceIndex is refused by name: 400',
    check: ({ server, provider, refused }) =>
      refused(
        redirectUrl(server, requestXml(server, provider, { AssertionConsumerServiceIndex: '0' })),
        /by its index; expected AssertionConsumerServiceURL/,
      ),
  },
];

const form: readonly Rule<Subject>[] = [
  {
    section: 'bindings 3.4.4.1',
    must: 'what is no base64, DEFLATE, UTF-8 or XML is refused: 400',
    async check({ server, refused }) {
      const url = (SAMLRequest: string) => `${server.url}/samlsso?${new URLSearchParams({ SAMLRequest })}`;
      await refused(`${server.url}/samlsso`, /Missing parameter: SAMLRequest/);
      await refused(url('%%%'), /expected base64/);
      await refused(url(Buffer.from('<x/>').toString('base64')), /expected base64 of DEFLATE/);
      await refused(redirectUrl(server, Buffer.from([0xff, 0xfe])), /UTF-8/);
      await refused(redirectUrl(server, 'x'), /well-formed|root element/);
      await refused(redirectUrl(server, '<x/>'), /expected an AuthnRequest/);
    },
  },
  {
    section: 'bindings 3.4.4.1',
    must: 'a small request that becomes a big one when it is decompressed is refused before it has: 400',
    async check({ server, provider, refused }) {
      const whole = deflateRawSync(requestXml(server, provider, {}, `<x>${'a'.repeat(8_000_000)}</x>`));
      // Whoever goes on to its end finds that it has none.
      const SAMLRequest = whole.subarray(0, -8).toString('base64');
      await refused(`${server.url}/samlsso?${new URLSearchParams({ SAMLRequest })}`, /at most 32768 bytes/);
    },
  },
  {
    section: 'bindings 3.4.4',
    must: 'document types, entities, comments and processing instructions are refused: 400',
    async check({ server, provider, refused }) {
      const xml = requestXml(server, provider);
      await refused(
        redirectUrl(server, `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${xml}`),
        /document type/,
      );
      await refused(redirectUrl(server, xml.replace('</saml:Issuer>', '<!-- -->.evil</saml:Issuer>')), /a comment/);
      await refused(redirectUrl(server, xml.replace('<saml:Issuer', '<?x y?><saml:Issuer')), /processing instruction/);
    },
  },
  {
    section: 'bindings 3.4.4',
    must: 'more than 1000 elements, 64 levels or 64 attributes of one are refused before anything is parsed, for whoever verifies walks over all of them again and again: 400',
    async check({ server, provider, refused }) {
      const many = (elements: number) => requestXml(server, provider, {}, '<x/>'.repeat(elements).replace('/>', '>'));
      await refused(redirectUrl(server, many(1001)), /more than 1000 elements/);
      // Not well-formed either, which nobody has looked at above.
      await refused(redirectUrl(server, many(900)), /not well-formed/);
      const within = (text: string) => requestXml(server, provider, {}, text);
      await refused(redirectUrl(server, within('<x a="/>">'.repeat(65))), /more than 64 levels/);
      await refused(redirectUrl(server, within(`<x ${'a="" '.repeat(65)}/>`)), /more than 64 attributes/);
    },
  },
  {
    section: 'bindings 3.4.3',
    must: 'RelayState comes back as it was, whatever is in it; one of more than 1024 bytes, or a second one, is refused: 400',
    async check({ server, provider, browser, refused }) {
      const RelayState = `"><script>alert('1')</script>&#38;&amp; ü`;
      await browser.go(redirectUrl(server, requestXml(server, provider), { RelayState }));
      assert.equal(delivery(browser).RelayState, RelayState);
      assert.doesNotMatch(browser.page?.text ?? '', /<script>alert/);
      await browser.go(redirectUrl(server, requestXml(server, provider)));
      assert.equal(delivery(browser).RelayState, undefined);
      const long = redirectUrl(server, requestXml(server, provider), { RelayState: 'x'.repeat(1025) });
      await refused(long, /at most 1024 bytes/);
      const url = redirectUrl(server, requestXml(server, provider), { RelayState: 'a' });
      await refused(`${url}&RelayState=b`, /Repeated parameter: RelayState/);
      await refused(`${url}&SAMLReques%74=b`, /Repeated parameter: SAMLRequest/);
    },
  },
  {
    section: 'core 3.2.1',
    must: 'Version, ID, IssueInstant and Destination are those of a request for us, made a moment ago: 400',
    async check({ server, provider, refused }) {
      const wrong: [Record<string, string | null>, RegExp][] = [
        [{ Version: '1.1' }, /Version 2\.0/],
        [{ ID: null }, /ID: expected/],
        [{ ID: '1' }, /ID: expected/],
        [{ ID: `_${'x'.repeat(256)}` }, /ID: expected/],
        [{ IssueInstant: null }, /IssueInstant: expected/],
        [{ IssueInstant: '2026-01-31' }, /IssueInstant: expected/],
        [{ IssueInstant: minutesAgo(-5) }, /in the future/],
        [{ IssueInstant: minutesAgo(60) }, /too old/],
        [{ Destination: 'https://evil.example/samlsso' }, /Destination is no address of ours/],
        [{ ForceAuthn: 'maybe' }, /ForceAuthn: expected true or false/],
      ];
      for (const [change, why] of wrong) await refused(redirectUrl(server, requestXml(server, provider, change)), why);
    },
  },
  {
    section: 'bindings 3.5',
    must: 'HTTP-POST: the browser, which sends no cookies from elsewhere, goes on at an address of ours, and is known there',
    async check({ server, provider, browser }) {
      const { status, location } = await post(server, requestXml(server, provider), { RelayState: 'kept' });
      assert.equal(status, 303);
      await browser.go(location as string);
      assert.equal(delivery(browser).RelayState, 'kept');
      assert.deepEqual(statusOf(xmlOf(delivery(browser))), ['Success']);
    },
  },
  {
    section: 'bindings 3.5.4',
    must: 'the page sends its form to the service provider only, and has a button where scripts are off',
    async check({ server, provider, browser }) {
      await browser.go(redirectUrl(server, requestXml(server, provider)));
      const { headers, text = '' } = browser.page ?? {};
      const rules = headers?.get('content-security-policy')?.split('; ') ?? [];
      assert.ok(rules.includes(`form-action ${consumerUrl}`), rules.join());
      const consumerUrls = ['https://app.example/a;script-src%20*,b?c=d;e'];
      const odd = await addServiceProvider(server, { consumerUrls, landingOrigins: ['https://www.app.example'] });
      await browser.go(redirectUrl(server, requestXml(server, odd, { AssertionConsumerServiceURL: null })));
      assert.match(
        browser.page?.headers.get('content-security-policy') ?? '',
        /; form-action https:\/\/app\.example\/a%3Bscript-src%20\*%2Cb https:\/\/www\.app\.example\/; base-uri/,
      );
      assert.ok(rules.includes("default-src 'none'") && rules.includes("frame-ancestors 'none'"), rules.join());
      assert.match(text, /<button>Continue<\/button>/);
      assert.equal(headers?.get('cache-control'), 'no-store');
    },
  },
];

const signatures: readonly Rule<Subject>[] = [
  {
    section: 'bindings 3.4.4.1',
    must: 'a signature of the query is verified; where one is required, a request without it is refused: 400',
    async check({ server, signing, answered, refused }) {
      const { key } = signing;
      const xml = requestXml(server, signing);
      const good = signedUrl(server, xml, key, { RelayState: 'a' });
      assert.deepEqual(statusOf(await answered(good)), ['Success']);
      await refused(redirectUrl(server, xml), /it is not signed/);
      const nowhere = requestXml(server, signing, { Destination: null });
      await refused(signedUrl(server, nowhere, key), /Destination is no address of ours/);
      await refused(good.replace('RelayState=a', 'RelayState=b'), /signature is wrong/);
      await refused(good.replace('RelayState=a&', ''), /signature is wrong/);
      const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
      await refused(signedUrl(server, xml, other), /signature is wrong/);
      const sha1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
      await refused(signedUrl(server, xml, key, {}, sha1), /algorithm .*sha1 is not taken/);
      await refused(good.replace(encodeURIComponent(rsaSha256), 'toString'), /algorithm toString is not taken/);
    },
  },
  {
    section: 'bindings 3.4.4.1',
    must: 'what is written so that it is read and not part of what was signed is refused: 400',
    async check({ server, signing, refused }) {
      const { key } = signing;
      const good = signedUrl(server, requestXml(server, signing), key);
      await refused(`${good}&RelayStat%65=evil`, /RelayState once/);
      const evil = requestXml(server, signing, { AssertionConsumerServiceURL: 'https://evil.example/' });
      const forged = redirectUrl(server, evil).replace('SAMLRequest=', 'SAMLReques%74=');
      await refused(`${forged}&${new URL(good).search.slice(1)}`, /Repeated parameter/);
    },
  },
  {
    section: 'core 5.4',
    must: 'HTTP-POST: a signature in the request is verified, and only what was signed is read: 400',
    async check({ server, signing, browser }) {
      const sign = (xml: string) => signEnveloped(xml, { key: signing.key, behind: 'Issuer' });
      const good = await sign(requestXml(server, signing));
      const { location } = await post(server, good);
      await browser.go(location as string);
      assert.deepEqual(statusOf(xmlOf(delivery(browser))), ['Success']);
      const attacks: [string, RegExp][] = [
        [requestXml(server, signing), /it is not signed/],
        [
          good.replace('AssertionConsumerServiceURL="https', 'ForceAuthn="true" AssertionConsumerServiceURL="https'),
          /signature is wrong/,
        ],
        [good.replace(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>AAAA'), /signature is wrong/],
        // The signed one is carried along inside another one.
        [requestXml(server, signing, { ID: '_evil' }, `<x>${good}</x>`), /it is not signed|directly in the element/],
        [good.replace(/(<ds:Signature[\s\S]*<\/ds:Signature>)/, `$1<x>${good}</x>`), /one signature/],
      ];
      for (const [xml, why] of attacks) {
        const { status, text } = await post(server, xml);
        assert.equal(status, 400, text);
        assert.match(text, why);
      }
    },
  },
  {
    section: 'core 5.4',
    must: 'where no signature is required, a wrong one is refused all the same: 400',
    async check({ server, signing, answered, refused }) {
      const lenient = await addServiceProvider(server, { certificates: signing.certificates });
      const xml = requestXml(server, lenient);
      assert.deepEqual(statusOf(await answered(redirectUrl(server, xml))), ['Success']);
      const good = signedUrl(server, xml, signing.key);
      assert.deepEqual(statusOf(await answered(good)), ['Success']);
      await refused(good.replace('Signature=', 'Signature=AAAA'), /signature is wrong/);
    },
  },
];

const logIns: readonly Rule<Subject>[] = [
  {
    section: 'core 3.4.1',
    must: 'IsPassive: a browser in which nobody has logged in sees no page, and the answer is NoPassive',
    async check({ server, provider, answered }) {
      const url = redirectUrl(server, requestXml(server, provider, { IsPassive: 'true' }));
      const stranger = new Browser(server.url);
      await stranger.go(url);
      const xml = xmlOf(delivery(stranger));
      assert.deepEqual(statusOf(xml), ['Responder', 'NoPassive']);
      assert.doesNotMatch(xml, /Assertion /);
      assert.deepEqual(statusOf(await answered(url)), ['Success']);
    },
  },
  {
    section: 'core 3.4.1',
    must: 'ForceAuthn: who has logged in has to again, for this request, and AuthnInstant says when',
    async check({ server, provider }) {
      const began = Math.floor(Date.now() / 1000) * 1000;
      const url = redirectUrl(server, requestXml(server, provider, { ForceAuthn: '1' }));
      const browser = await logInAt(server, redirectUrl(server, requestXml(server, provider)));
      await browser.go(url);
      assert.match(browser.page?.text ?? '', /<h1>Log in<\/h1>/);
      // By the address for a form from elsewhere neither.
      const { location } = await post(server, requestXml(server, provider, { ForceAuthn: 'true' }));
      await browser.go(location as string);
      assert.match(browser.page?.text ?? '', /<h1>Log in<\/h1>/);
      await browser.submit({ username: 'mary', password: 'wrong' });
      const { text = '' } = browser.page ?? {};
      assert.match(text, /password are wrong/);
      assert.ok(text.includes(`for <strong>${provider.name}</strong>`), text);
      await browser.submit({ username: 'mary', password: 'marys' });
      const xml = xmlOf(delivery(browser));
      assert.deepEqual(statusOf(xml), ['Success']);
      assert.ok(Date.parse(attribute(xml, 'AuthnInstant')[0] ?? '') >= began);
    },
  },
  {
    section: 'core 3.4.1',
    must: 'ForceAuthn: who logs in at an identity provider has to show there anew who he is; AuthnInstant is when he did, or came back from where nobody says it',
    async check() {
      await using upstream = await startLyingProvider();
      await using server = await startProvider({ host: 'localhost' });
      await addOpenIdProvider(server, upstream);
      const provider = await addServiceProvider(server);
      const began = Math.floor(Date.now() / 1000);
      const logIn = async (auth_time: number | undefined, ForceAuthn: string) => {
        upstream.lies = { claims: { auth_time } };
        upstream.asked.length = 0;
        const browser = new Browser(server.url, upstream.issuer);
        await browser.go(redirectUrl(server, requestXml(server, provider, { ForceAuthn })));
        await browser.submit({ provider: 'corp' }, /log-in-at"/);
        const sent = upstream.asked.find(({ path }) => path === '/authorize')?.parameters;
        assert.deepEqual(
          [sent?.get('prompt'), sent?.get('max_age')],
          ForceAuthn === 'true' ? ['login', '0'] : [null, null],
        );
        return browser;
      };
      const instant = (browser: Browser) =>
        Date.parse(attribute(xmlOf(delivery(browser)), 'AuthnInstant')[0] ?? '') / 1000;
      for (const auth_time of [undefined, began - 3600]) {
        const { page } = await logIn(auth_time, 'true');
        assert.equal(page?.status, 403);
        assert.match(problemOf(page.text), /wants you to log in anew/);
      }
      assert.ok(instant(await logIn(Math.ceil(Date.now() / 1000), 'true')) >= began);
      assert.equal(instant(await logIn(began - 3600, 'false')), began - 3600);
      assert.ok(instant(await logIn(undefined, 'false')) >= began);
    },
  },
  {
    section: 'core 3.4.1.1',
    must: 'NameIDPolicy: a format that we do not have is answered with InvalidNameIDPolicy, whoever has logged in',
    async check({ server, provider, answered }) {
      const asked = (attributes: string) =>
        answered(redirectUrl(server, requestXml(server, provider, {}, policy(attributes))));
      const email = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
      assert.deepEqual(statusOf(await asked(`Format="${email}"`)), ['Requester', 'InvalidNameIDPolicy']);
      assert.deepEqual(statusOf(await asked('SPNameQualifier="urn:x"')), ['Requester', 'InvalidNameIDPolicy']);
      assert.deepEqual(statusOf(await asked('AllowCreate="true"')), ['Success']);
    },
  },
  {
    section: 'core 8.3.7',
    must: 'a persistent name is the same each time and another one at each service provider; a transient one is new each time',
    async check({ server, provider, answered }) {
      const other = await addServiceProvider(server);
      const named = async (kind: string, at = provider): Promise<string> => {
        const format = `urn:oasis:names:tc:SAML:2.0:nameid-format:${kind}`;
        const asked = policy(`Format="${format}" SPNameQualifier="${at.entityId}"`);
        const xml = await answered(redirectUrl(server, requestXml(server, at, {}, asked)));
        const [, said, name = ''] = /<saml:NameID Format="([^"]*)">([^<]*)</.exec(xml) ?? [];
        assert.equal(said, format);
        assert.match(name, /^[\w-]{41,43}$/);
        return name;
      };
      const persistent = await named('persistent');
      assert.equal(await named('persistent'), persistent);
      assert.notEqual(await named('persistent', other), persistent);
      assert.notEqual(await named('transient'), await named('transient'));
    },
  },
  {
    section: 'core 3.3.2.2.1',
    must: 'RequestedAuthnContext: met by a password, or answered with NoAuthnContext',
    async check({ server, provider, answered }) {
      const asked = (name: string, comparison?: string) =>
        answered(redirectUrl(server, requestXml(server, provider, {}, context(name, comparison))));
      const told = (xml: string) => /ac:classes:(\w+)<\/saml:AuthnContextClassRef>/.exec(assertionIn(xml))?.[1];
      assert.equal(told(await asked('PasswordProtectedTransport')), 'PasswordProtectedTransport');
      assert.equal(told(await asked('Password')), 'Password');
      assert.equal(told(await asked('Password', 'minimum')), 'PasswordProtectedTransport');
      assert.equal(told(await asked('Password', 'better')), 'PasswordProtectedTransport');
      assert.equal(told(await asked('Password', 'maximum')), 'Password');
      for (const comparison of ['exact', 'minimum', 'better', 'maximum']) {
        assert.deepEqual(statusOf(await asked('X509', comparison)), ['Responder', 'NoAuthnContext']);
      }
      assert.deepEqual(statusOf(await asked('PasswordProtectedTransport', 'better')), ['Responder', 'NoAuthnContext']);
    },
  },
  {
    section: 'core 3.2.2.2',
    must: 'another binding, a Subject or Conditions: answered with the status that says so',
    async check({ server, provider, answered }) {
      const artifact = { ProtocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact' };
      const unbound = await answered(redirectUrl(server, requestXml(server, provider, artifact)));
      assert.deepEqual(statusOf(unbound), ['Requester', 'UnsupportedBinding']);
      const named = `<saml:Subject xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:NameID>bob</saml:NameID></saml:Subject>`;
      const about = await answered(redirectUrl(server, requestXml(server, provider, {}, named)));
      assert.deepEqual(statusOf(about), ['Requester', 'RequestUnsupported']);
    },
  },
  {
    section: 'profiles 4.1.3',
    must: 'an address at which a log-in goes on is good for half an hour, unchanged, and as long as the registration says so: 400',
    async check({ server, browser, refused }) {
      const provider = await addServiceProvider(server);
      const { location } = await post(server, requestXml(server, provider));
      const url = location as string;
      await refused(`${url.slice(0, -4)}AAAA`, /took too long/);
      await refused(`${server.url}/samlsso/continue?request=x`, /took too long/);
      const change = (now: Partial<ServiceProvider>) =>
        server.store.transaction((tx) => updateServiceProvider(tx, { ...provider, ...now }));
      await change({ consumerUrls: ['https://app.example/moved'] });
      await refused(url, /no longer takes answers/);
      await change({ enabled: false });
      await refused(url, /no service provider here/);
      await change({});
      await browser.go(url);
      assert.deepEqual(statusOf(xmlOf(delivery(browser))), ['Success']);
    },
  },
];

const answers: readonly Rule<Subject>[] = [
  {
    section: 'profiles 4.1.4.2',
    must: 'assertion and response are signed by the key of the metadata, for this request, place and audience, for five minutes',
    async check({ server, provider, answered }) {
      const xml = await answered(redirectUrl(server, requestXml(server, provider, { ID: '_the-request' })));
      const metadata = await (await fetch(`${server.url}/samlsso/metadata`)).text();
      const der = /<ds:X509Certificate>([^<]*)/.exec(metadata)?.[1] ?? '';
      const { publicKey } = new X509Certificate(Buffer.from(der, 'base64'));
      const expected = { keys: [publicKey], idAttribute: 'ID', allowSha1: false };
      const alone = assertionIn(xml);
      const assertion = await verifyEnveloped(alone, await parseXml(alone), expected);
      // That of the response, which is over this one too, is verified by a judge (saml-judges.test.ts).
      assert.equal(xml.match(/<ds:Signature /g)?.length, 2);
      const find = (name: string) => everyElement(assertion).filter(({ localName }) => localName === name);
      const [data, ...others] = find('SubjectConfirmationData');
      assert.ok(data && others.length === 0);
      assert.deepEqual(
        [attributeOf(data, 'InResponseTo'), attributeOf(data, 'Recipient')],
        ['_the-request', consumerUrl],
      );
      const [conditions] = find('Conditions');
      assert.ok(conditions && Date.parse(attributeOf(conditions, 'NotBefore') ?? '') < Date.now() - 50_000);
      const left = Date.parse(attributeOf(data, 'NotOnOrAfter') ?? '') - Date.now();
      assert.ok(left > 200_000 && left <= 300_000, String(left));
      assert.deepEqual(
        find('Audience').map((one) => one.textContent),
        [provider.entityId],
      );
      assert.deepEqual(attribute(xml, 'InResponseTo'), ['_the-request', '_the-request']);
      assert.equal(find('NameID')[0]?.textContent, 'mary');
    },
  },
  {
    section: 'core 2.7.2',
    must: 'SessionIndex is one for all service providers of a log-in, and the session ends when it says',
    async check({ server, provider, answered }) {
      const other = await addServiceProvider(server);
      const first = await answered(redirectUrl(server, requestXml(server, provider)));
      const second = await answered(redirectUrl(server, requestXml(server, other)));
      assert.deepEqual(attribute(first, 'SessionIndex'), attribute(second, 'SessionIndex'));
      const ends = Date.parse(attribute(first, 'SessionNotOnOrAfter')[0] ?? '') - Date.now();
      assert.ok(ends > 28_000_000 && ends <= 28_800_000, String(ends));
    },
  },
  {
    section: 'core 2.7.3',
    must: 'roles and claims are told by the names that the registration gives them, and no others',
    async check({ server, provider, answered }) {
      const { id } = await server.store.db
        .selectFrom('users')
        .select('id')
        .where('name', '=', 'mary')
        .executeTakeFirstOrThrow();
      const profile = { first_name: 'Mary', last_name: 'Doe', email: 'mary@example.com' };
      await server.store.db
        .insertInto('user_profiles')
        .values({ user_id: id, ...profile })
        .execute();
      const told = (xml: string) =>
        [...xml.matchAll(/<saml:Attribute Name="([^"]*)">(.*?)<\/saml:Attribute>/g)].map(([, name, values]) => [
          name,
          values?.replace(/<\/?saml:AttributeValue>/g, ' ').trim(),
        ]);
      const xml = await answered(redirectUrl(server, requestXml(server, provider)));
      assert.deepEqual(told(xml), [
        ['role', 'editor  reader'],
        ['mail', 'mary@example.com'],
        ['givenName', 'Mary'],
      ]);
      const plain = await addServiceProvider(server, { qualifiedNames: true });
      const bare = await answered(redirectUrl(server, requestXml(server, plain)));
      assert.deepEqual(told(bare), []);
      assert.match(bare, /<saml:NameID[^>]*>mary@carbon\.super</);
    },
  },
  {
    section: 'profiles 4.1.5',
    must: 'a log-in begins here only where the registration allows it, and then answers no request: 400 otherwise',
    async check({ server, provider, browser, refused }) {
      const url = (entityId: string, more: Record<string, string> = {}) =>
        `${server.url}/samlsso?${new URLSearchParams({ spEntityID: entityId, ...more })}`;
      await refused(url(provider.entityId), /begin at the service provider/);
      await refused(url('urn:nobody'), /no service provider here/);
      const open = await addServiceProvider(server, { allowUnsolicited: true });
      await refused(url(open.entityId, { acs: 'https://evil.example/' }), /is not registered/);
      await browser.go(url(open.entityId, { RelayState: 'page' }));
      const answer = delivery(browser);
      assert.equal(answer.RelayState, 'page');
      assert.doesNotMatch(xmlOf(answer), /InResponseTo/);
      assert.deepEqual(statusOf(xmlOf(answer)), ['Success']);
      const stranger = await logInAt(server, url(open.entityId));
      assert.deepEqual(statusOf(xmlOf(delivery(stranger))), ['Success']);
    },
  },
];

verify('SAML', [...who, ...form, ...signatures, ...logIns, ...answers], () => subject);
