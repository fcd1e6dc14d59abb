import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fault, faults } from '../../core/faults.ts';
import { renderFault } from './render.ts';

const refusal = fault(faults.invalidCredentials, 'A <bad> "token" & more.', [['www-authenticate', 'Bearer realm="x"']]);
const render = (fields: Record<string, string>) => renderFault(refusal, { header: (name) => fields[name] }, null);
const typeOf = (fields: Record<string, string>) =>
  render(fields)
    .fields.find(([name]) => name === 'content-type')?.[1]
    .split(';', 1)[0];

test('401 in JSON by default, with the headers of the fault', () => {
  const answer = render({});
  assert.equal(answer.status, 401);
  assert.deepEqual(JSON.parse(answer.body), {
    fault: { code: 900901, message: 'Invalid Credentials', description: 'A <bad> "token" & more.' },
  });
  assert.ok(answer.fields.some(([name, value]) => name === 'www-authenticate' && value === 'Bearer realm="x"'));
});

const forms: readonly [why: string, fields: Record<string, string>, type: string][] = [
  ['nothing asked for', {}, 'application/json'],
  ['anything', { accept: '*/*' }, 'application/json'],
  ['XML', { accept: 'application/xml' }, 'application/xml'],
  ['text/xml', { accept: 'text/xml' }, 'application/xml'],
  ['XML before JSON', { accept: 'application/json;q=0.5, application/xml' }, 'application/xml'],
  ['JSON before XML', { accept: 'application/json, application/xml;q=0.9' }, 'application/json'],
  ['both alike', { accept: 'application/xml, application/json' }, 'application/json'],
  ['XML refused', { accept: 'application/xml;q=0' }, 'application/json'],
  ['a browser', { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }, 'application/json'],
  ['a SOAP 1.1 request', { 'content-type': 'text/xml; charset=utf-8', soapaction: '"urn:x"' }, 'text/xml'],
  ['a SOAP 1.2 request', { 'content-type': 'application/soap+xml; action="x"' }, 'application/soap+xml'],
];
for (const [why, fields, type] of forms) test(`${why}: ${type}`, () => assert.equal(typeOf(fields), type));

test('words of a fault are escaped in XML', () => {
  const { body } = render({ accept: 'application/xml' });
  assert.match(body, /A &#60;bad&#62; &#34;token&#34; &#38; more\./);
  assert.match(body, /<am:code>900901<\/am:code>/);
});

test('a refusal carries CORS fields, so that a page can read it', () => {
  const cors = { allowOrigins: ['*'], allowHeaders: [], allowMethods: [], allowCredentials: false };
  const { fields } = renderFault(
    refusal,
    { header: (name) => (name === 'origin' ? 'https://a.example' : undefined) },
    cors,
  );
  assert.ok(fields.some(([name, value]) => name === 'access-control-allow-origin' && value === '*'));
});
