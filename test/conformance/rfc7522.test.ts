/** SAML 2.0 assertions as authorization grants. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import type { AssertionContent } from '../../src/adapters/saml/write-assertion.ts';
import { familiesFromIssuer } from '../../src/adapters/stores/used-assertions.ts';
import { defaultRoleAttribute } from '../../src/core/identity-provider.ts';
import { saml2Bearer } from '../../src/core/saml.ts';
import {
  type Answer,
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  basic,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';
import { addProvider, content, form, sign, type TestProvider } from './saml.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly client: ConsumerKey;
  readonly idp: TestProvider;
  /** Exchanges an assertion that is as it should be but for these changes. */
  exchange(changes?: Partial<AssertionContent>, change?: (xml: string) => string, scope?: string): Promise<Answer>;
  /** It gives a token. */
  given(changes?: Partial<AssertionContent>, change?: (xml: string) => string, scope?: string): Promise<Answer['json']>;
  /** 400 invalid_grant, with a reason. */
  refused(why: RegExp, changes?: Partial<AssertionContent>, change?: (xml: string) => string): Promise<void>;
  introspect(token: string): Promise<Answer['json']>;
}

const alias = 'urn:example:token-endpoint';
const grants = ['client_credentials', 'password', 'refresh_token', saml2Bearer];

let subject: Subject;
before(async () => {
  const server = await startAuthorizationServer({ options: { tokenUrls: ['https://gateway.example:8243/token'] } });
  await server.km.users.create({ name: 'admin', password: 'admin', roles: ['admin', 'editor'] });
  const client = await addSubscribedApplication(server);
  await server.store.db
    .updateTable('clients')
    .set({ grant_types: grants.join(' ') })
    .execute();
  const idp = await addProvider(server, {
    name: 'corporate',
    alias,
    roles: { editors: ['editor'] },
    claims: { mail: 'email', givenName: 'given_name' },
  });
  const exchange: Subject['exchange'] = async (changes = {}, change = (xml) => xml, scope) => {
    const xml = await sign(idp, content(idp, server, changes), change);
    return server.post('/oauth2/token', form(xml, scope === undefined ? {} : { scope }), client);
  };
  subject = {
    ...{ server, client, idp, exchange },
    async given(changes, change, scope) {
      const answer = await exchange(changes, change, scope);
      assert.equal(answer.status, 200, answer.text);
      return answer.json;
    },
    async refused(why, changes, change) {
      const answer = await exchange(changes, change);
      assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_grant'], answer.text);
      assert.match(answer.json.error_description, why);
    },
    async introspect(token) {
      return (await server.post('/oauth2/introspect', { token }, null, { authorization: basic('admin', 'admin') }))
        .json;
    },
  };
});
after(() => subject.server[Symbol.asyncDispose]());

const url = (server: AuthorizationServer): string => `${server.url}/oauth2/token`;
const replace = (from: RegExp, to: string) => (xml: string) => {
  assert.match(xml, from);
  return xml.replace(from, to);
};
const time = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
const confirmationEnd = / NotOnOrAfter="[^"]*"(?= Recipient)/;
const conditionsEnd = / NotOnOrAfter="[^"]*"(?=><saml:AudienceRestriction)/;

const rules: Rule<Subject>[] = [
  {
    section: '2.1',
    must: 'an assertion is exchanged for a token and a refresh token of its subject, with the scopes of his roles',
    async check({ given, introspect }) {
      const answer = await given({}, undefined, 'read update');
      assert.equal(answer.token_type, 'Bearer');
      assert.equal(answer.scope, 'read update');
      assert.equal(typeof answer.refresh_token, 'string');
      const { sub, aut } = await introspect(answer.access_token);
      assert.deepEqual([sub, aut], ['admin@carbon.super', 'APPLICATION_USER']);
    },
  },
  {
    section: '2.1',
    must: '400 invalid_request without an assertion, invalid_grant for one that is not base64url',
    async check({ server, client, idp }) {
      const none = await server.post('/oauth2/token', { grant_type: saml2Bearer }, client);
      assert.deepEqual([none.status, none.json.error], [400, 'invalid_request']);
      const xml = Buffer.from(await sign(idp, content(idp, server)));
      const wrong = [
        '',
        'x',
        '%',
        `${xml.toString('base64url')}.`,
        ` ${xml.toString('base64url')}`,
        `${xml.toString('base64url').slice(0, 90)}\n${xml.toString('base64url').slice(90)}`,
        Buffer.from([0xff, 0xfe]).toString('base64url'),
      ];
      for (const assertion of wrong) {
        const answer = await server.post('/oauth2/token', { grant_type: saml2Bearer, assertion }, client);
        assert.deepEqual(
          [answer.status, /^invalid_(?:grant|request)$/.test(answer.json.error)],
          [400, true],
          assertion,
        );
      }
    },
  },
  {
    section: '2.1',
    must: 'padding of base64url is taken, though it should not be there',
    async check({ server, client, idp }) {
      for (const name of ['admin', 'admin1', 'admin12']) {
        const plain = Buffer.from(await sign(idp, content(idp, server, { name }))).toString('base64url');
        const assertion = plain + '='.repeat((4 - (plain.length % 4)) % 4);
        const answer = await server.post('/oauth2/token', { grant_type: saml2Bearer, assertion }, client);
        assert.equal(answer.status, 200, answer.text);
      }
    },
  },
  {
    section: '3 (1)',
    must: 'the Issuer is a registered identity provider that is enabled',
    async check({ server, client, refused }) {
      await refused(/Issuer is no identity provider/, { issuer: 'https://stranger.example' });
      await refused(/Issuer is empty/, { issuer: '' });
      await refused(/one Issuer/, {}, (xml) =>
        xml.replace('<saml:Subject>', '<saml:Issuer>x</saml:Issuer><saml:Subject>'),
      );
      const off = await addProvider(server, { enabled: false });
      const answer = await server.post('/oauth2/token', form(await sign(off, content(off, server))), client);
      assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_grant']);
    },
  },
  {
    section: '3 (2)',
    must: 'an audience is the token endpoint, at any of its addresses, or its alias',
    async check({ server, given, refused }) {
      const other = 'https://elsewhere.example/token';
      for (const audience of [url(server), alias, 'https://gateway.example:8243/token']) {
        await given({ audiences: [audience] });
        await given({ audiences: [other, audience] });
      }
      for (const audiences of [[other], [`${url(server)}/`], [''], [`${url(server)}.evil.example`]]) {
        await refused(/AudienceRestriction/, { audiences });
      }
      await refused(
        /no AudienceRestriction/,
        {},
        replace(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, ''),
      );
      await refused(/one Conditions/, {}, replace(/<saml:Conditions .*<\/saml:Conditions>/, ''));
    },
  },
  {
    section: '3 (2), SAML core 2.5.1.4',
    must: 'each of several AudienceRestrictions has to be met',
    async check({ given, refused }) {
      const restriction = (audience: string) =>
        `<saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>`;
      await given({}, replace(/<\/saml:Conditions>/, restriction(alias)));
      await refused(/AudienceRestriction/, {}, replace(/<\/saml:Conditions>/, restriction('urn:example:other')));
      await refused(
        /AudienceRestriction/,
        {},
        replace(/<\/saml:Conditions>/, '<saml:AudienceRestriction/></saml:Conditions>'),
      );
    },
  },
  {
    section: '3 (3)',
    must: 'there is a Subject with a NameID, which is who gets the token',
    async check({ refused }) {
      await refused(/one Subject/, {}, replace(/<saml:Subject>.*<\/saml:Subject>/, ''));
      await refused(/one NameID/, {}, replace(/<saml:NameID>.*<\/saml:NameID>/, ''));
      await refused(/one NameID/, {}, replace(/<saml:NameID>.*<\/saml:NameID>/, '<saml:EncryptedID/>'));
      for (const name of ['', ' ', ' admin', 'admin ', 'ad\u202emin', 'x'.repeat(257)])
        await refused(/NameID/, { name });
    },
  },
  {
    section: '3 (4)',
    must: 'it has an expiry, and is refused from then on',
    async check({ given, refused }) {
      await given({}, replace(conditionsEnd, ''));
      await given({}, replace(confirmationEnd, ''));
      await refused(/never expires/, {}, (xml) => replace(conditionsEnd, '')(replace(confirmationEnd, '')(xml)));
      await refused(/expired/, {}, replace(conditionsEnd, ` NotOnOrAfter="${time(-1)}"`));
      await refused(/expired/, {}, replace(confirmationEnd, ` NotOnOrAfter="${time(-1)}"`));
      await refused(/UTC/, {}, replace(conditionsEnd, ' NotOnOrAfter="2099-01-01T00:00:00"'));
      await refused(/UTC/, {}, replace(conditionsEnd, ' NotOnOrAfter=""'));
    },
  },
  {
    section: '3 (4)',
    must: 'what it is exchanged for ends with it: access token, refresh token, and what that gives',
    async check({ server, client, given, introspect }) {
      const ends = Math.floor(Date.now() / 1000) + 120;
      const within = (expires: number) => assert.ok(expires <= ends && expires > ends - 60, `${expires} ${ends}`);
      for (const [from, name] of [
        [conditionsEnd, 'conditions'],
        [confirmationEnd, 'confirmation'],
      ] as const) {
        const answer = await given({ name }, replace(from, ` NotOnOrAfter="${new Date(ends * 1000).toISOString()}"`));
        within(Math.floor(Date.now() / 1000) + answer.expires_in);
        within((await introspect(answer.access_token)).exp);
        const again = { grant_type: 'refresh_token', refresh_token: answer.refresh_token };
        const refreshed = await server.post('/oauth2/token', again, client);
        assert.equal(refreshed.status, 200, refreshed.text);
        within((await introspect(refreshed.json.access_token)).exp);
        const rows = await server.store.db
          .selectFrom('refresh_tokens')
          .selectAll()
          .where('not_after', '=', ends)
          .execute();
        assert.ok(rows.length >= 2);
        for (const row of rows) within(row.expires_at);
      }
    },
  },
  {
    section: '3 (4)',
    must: 'an opaque token that lives longer is not handed out for it',
    async check({ server, idp }) {
      const client = await addClient(server, { tokenType: 'OPAQUE', grantTypes: grants });
      const long = { grant_type: 'password', username: 'admin', password: 'admin' };
      const before = (await server.post('/oauth2/token', long, client)).json;
      const answer = await server.post('/oauth2/token', form(await sign(idp, content(idp, server))), client);
      assert.equal(answer.status, 200, answer.text);
      assert.notEqual(answer.json.access_token, before.access_token);
      assert.notEqual(answer.json.refresh_token, before.refresh_token);
      assert.ok(answer.json.expires_in <= 300);
    },
  },
  {
    section: '3 (4)',
    must: 'it is refused before NotBefore, but for the skew',
    async check({ given, refused }) {
      const from = (seconds: number) => replace(/ NotBefore="[^"]*"/, ` NotBefore="${time(seconds)}"`);
      await given({}, from(30));
      await refused(/not good yet/, {}, from(90));
      const data = (seconds: number) => replace(/(?= Recipient)/, ` NotBefore="${time(seconds)}"`);
      await given({}, data(30));
      await refused(/not good yet/, {}, data(90));
      await refused(/future/, {}, replace(/IssueInstant="[^"]*"/, `IssueInstant="${time(90)}"`));
    },
  },
  {
    section: '3 (5)',
    must: 'one SubjectConfirmation is for a bearer',
    async check({ given, refused }) {
      const other = 'Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"';
      await refused(/bearer/, {}, replace(/Method="[^"]*"/, other));
      await refused(/bearer/, {}, replace(/ Method="[^"]*"/, ''));
      await given({}, replace(/(?=<saml:SubjectConfirmation )/, `<saml:SubjectConfirmation ${other}/>`));
    },
  },
  {
    section: '3 (5)',
    must: 'its Recipient is there (stricter than the RFC), and is the token endpoint or its alias',
    async check({ server, given, refused }) {
      for (const recipient of [url(server), alias, 'https://gateway.example:8243/token']) await given({ recipient });
      for (const recipient of ['https://elsewhere.example/token', `${url(server)}?x=y`]) {
        await refused(/Recipient/, { recipient });
      }
      await refused(/no Recipient/, {}, replace(/ Recipient="[^"]*"/, ''));
      await refused(
        /SubjectConfirmationData/,
        {},
        replace(/<saml:SubjectConfirmationData .*<\/saml:SubjectConfirmationData>/, ''),
      );
    },
  },
  {
    section: '3 (5)',
    must: 'one good confirmation suffices, and a bad one gives nothing to a good one',
    async check({ server, given, refused }) {
      const bad = (recipient: string, end: string) =>
        replace(
          /(?=<saml:SubjectConfirmation )/,
          `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData Recipient="${recipient}" NotOnOrAfter="${end}"/></saml:SubjectConfirmation>`,
        );
      await given({}, bad('https://elsewhere.example', time(100)));
      await given({}, bad(url(server), time(-100)));
      // Of one the recipient, of the other the time: neither is good.
      await refused(/refused/, { recipient: 'https://elsewhere.example' }, bad(url(server), time(-100)));
    },
  },
  {
    section: '3 (7)',
    must: 'conditions that are not understood refuse it, those that are met anyway do not',
    async check({ given, refused }) {
      const condition = (xml: string) => replace(/<\/saml:Conditions>/, `${xml}</saml:Conditions>`);
      await given({}, condition('<saml:OneTimeUse/>'));
      await given({}, condition('<saml:ProxyRestriction Count="0"/>'));
      await refused(/not understood/, {}, condition('<saml:OneTimeUse/><saml:OneTimeUse/>'));
      await refused(/not understood/, {}, condition('<saml:Condition/>'));
      await refused(/not understood/, {}, condition('<saml:Unknown/>'));
      await refused(/not understood/, {}, condition('<OneTimeUse xmlns="urn:example"/>'));
    },
  },
  {
    section: '3 (8)',
    must: 'it is signed by its issuer',
    async check({ server, client, idp }) {
      const { assertionXml } = await import('../../src/adapters/saml/write-assertion.ts');
      const unsigned = assertionXml(content(idp, server));
      const answer = await server.post('/oauth2/token', form(unsigned), client);
      assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_grant']);
      assert.match(answer.json.error_description, /not signed/);
    },
  },
  {
    section: '3 (10)',
    must: 'it is of SAML 2.0, and valid otherwise',
    async check({ refused }) {
      await refused(/Version/, {}, replace(/Version="2.0"/, 'Version="1.1"'));
      await refused(/Version/, {}, replace(/ Version="2.0"/, ''));
      await refused(/IssueInstant/, {}, replace(/ IssueInstant="[^"]*"/, ''));
    },
  },
  {
    section: '3 (11)',
    must: 'it is good once, however many present it at the same time',
    async check({ server, client, idp }) {
      const xml = await sign(idp, content(idp, server));
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => server.post('/oauth2/token', form(xml), client)),
      );
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(400)]);
      const again = await server.post('/oauth2/token', form(xml), client);
      assert.deepEqual([again.status, again.json.error], [400, 'invalid_grant']);
      assert.match(again.json.error_description, /used already/);
    },
  },
  {
    section: '3 (11)',
    must: 'another assertion with the same ID is refused, of another issuer it is not',
    async check({ server, client, given, refused }) {
      await given({ id: '_same' });
      await refused(/used already/, { id: '_same', name: 'else' });
      const other = await addProvider(server);
      const xml = await sign(other, content(other, server, { id: '_same' }));
      assert.equal((await server.post('/oauth2/token', form(xml), client)).status, 200);
    },
  },
  {
    section: '3.1',
    must: '401 invalid_client where the client does not authenticate itself, and the assertion is still good',
    async check({ server, client, idp }) {
      const xml = await sign(idp, content(idp, server));
      const answer = await server.post('/oauth2/token', form(xml), { ...client, consumerSecret: 'wrong' });
      assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client']);
      assert.equal((await server.post('/oauth2/token', form(xml), client)).status, 200);
    },
  },
  {
    section: '3.1',
    must: '400 unauthorized_client for a client that may not use the grant',
    async check({ server, idp }) {
      const client = await addClient(server, { grantTypes: ['password'] });
      const answer = await server.post('/oauth2/token', form(await sign(idp, content(idp, server))), client);
      assert.deepEqual([answer.status, answer.json.error], [400, 'unauthorized_client']);
    },
  },
  {
    section: 'beyond it',
    must: 'whom nobody knows here gets scopes by the roles that his provider says, as they are mapped',
    async check({ server, client, given, introspect }) {
      const roles = (...values: string[]) => ({ attributes: [[defaultRoleAttribute, values]] as const });
      const name = 'jane@example.com';
      const editor = await given({ name, ...roles('staff', 'editors') }, undefined, 'read update');
      assert.equal(editor.scope, 'read update');
      assert.equal((await introspect(editor.access_token)).sub, 'FEDERATED:corporate/jane@example.com@carbon.super');
      const again = { grant_type: 'refresh_token', refresh_token: editor.refresh_token };
      assert.equal((await server.post('/oauth2/token', again, client)).json.scope, 'read update');
      assert.equal((await given({ name, ...roles('staff,editors') }, undefined, 'update')).scope, 'update');
      // Our own name of a role means nothing in their mouth.
      for (const role of ['editor', 'admin', '__proto__', 'constructor']) {
        assert.equal(
          (await given({ name: 'mallory', ...roles(role) }, undefined, 'update apim:admin')).scope,
          'default',
        );
      }
    },
  },
  {
    section: 'beyond it',
    must: 'user info has the claims that are mapped, as far as the scopes go',
    async check({ server, given }) {
      const attributes = [
        ['mail', ['jane@example.com']],
        ['givenName', ['Jane']],
        ['secret', ['x']],
      ] as const;
      const userinfo = async (scope: string) => {
        const { access_token } = await given({ name: 'jane', attributes }, undefined, scope);
        const answer = await fetch(`${server.url}/oauth2/userinfo`, {
          headers: { authorization: `Bearer ${access_token}` },
        });
        assert.equal(answer.status, 200);
        return answer.json();
      };
      const sub = 'FEDERATED:corporate/jane@carbon.super';
      assert.deepEqual(await userinfo('openid'), { sub });
      const all = { sub, preferred_username: 'jane', given_name: 'Jane', email: 'jane@example.com' };
      assert.deepEqual(await userinfo('openid profile email'), all);
    },
  },
  {
    section: 'beyond it',
    must: 'a provider whose word does not count for accounts here gets none of their roles',
    async check({ server, client, introspect }) {
      const other = await addProvider(server, { name: 'partner', localAccounts: false });
      const xml = await sign(other, content(other, server));
      const { json } = await server.post('/oauth2/token', form(xml, { scope: 'update' }), client);
      assert.equal(json.scope, 'default');
      assert.equal((await introspect(json.access_token)).sub, 'FEDERATED:partner/admin@carbon.super');
    },
  },
  {
    section: 'beyond it',
    must: 'elliptic curves and longer hashes are taken; SHA-1 only from a provider that may use it',
    async check({ server, client }) {
      const dsig = 'http://www.w3.org/2000/09/xmldsig#';
      const more = 'http://www.w3.org/2001/04/xmldsig-more#';
      const status = async (idp: TestProvider, algorithm?: string, digest?: string) => {
        const by = { ...(algorithm && { algorithm }), ...(digest && { digest }) };
        const xml = await sign(idp, content(idp, server), undefined, by);
        return (await server.post('/oauth2/token', form(xml), client)).status;
      };
      const curve = await addProvider(server, {}, 'ec');
      assert.equal(await status(curve), 200);
      assert.equal(await status(curve, `${more}ecdsa-sha512`), 200);
      const strict = await addProvider(server);
      assert.equal(await status(strict, `${more}rsa-sha384`, `${more}sha384`), 200);
      assert.equal(await status(strict, 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'), 200);
      assert.equal(await status(strict, `${dsig}rsa-sha1`, `${dsig}sha1`), 400);
      assert.equal(await status(strict, undefined, `${dsig}sha1`), 400);
      const old = await addProvider(server, { allowSha1: true });
      assert.equal(await status(old, `${dsig}rsa-sha1`, `${dsig}sha1`), 200);
    },
  },
  {
    section: 'beyond it',
    must: 'any certificate of a provider that changes its key is good',
    async check({ server, client }) {
      const [one, two] = [await addProvider(server), await addProvider(server)];
      const both = await addProvider(server, { certificates: [one.certificate, two.certificate] });
      for (const { key, certificate } of [one, two]) {
        const xml = await sign({ key, certificate }, content(both, server));
        assert.equal((await server.post('/oauth2/token', form(xml), client)).status, 200);
      }
    },
  },
  {
    section: 'beyond it',
    must: 'what assertions were exchanged for is known by their issuer, to be revoked',
    async check({ server, idp, given }) {
      const now = Math.floor(Date.now() / 1000);
      const before = (await familiesFromIssuer(server.store.db, idp.provider.entityId, now)).length;
      await given();
      assert.equal((await familiesFromIssuer(server.store.db, idp.provider.entityId, now)).length, before + 1);
    },
  },
];

verify('RFC 7522', rules, () => subject);
