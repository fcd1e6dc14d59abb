/** What attackers make of a JWT that they have seen, with what is known to everybody and a key of their own. */
import { createCipheriv, createHmac, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { PublicJwk } from '../../src/core/token.ts';

export interface Seen {
  /** A good one. */
  readonly token: string;
  /** Those that it is verified with, and others of the same place: they are published. */
  readonly publicKeys: readonly PublicJwk[];
  /** What else attackers may guess or know. */
  readonly guesses: readonly string[];
  /** Of the attacker, on the curve P-256. */
  readonly own: { readonly privateKey: KeyObject; readonly jwk: PublicJwk; readonly certificate: string };
  /** Where the attacker publishes his keys. */
  readonly site: string;
  /** Characters that a token may have where it is sent. */
  readonly longest: number;
}

/** Tokens by what was done to them. */
export type Forged = Readonly<Record<string, string>>;

interface Parts {
  readonly head: string;
  readonly body: string;
  readonly signature: string;
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
}

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString());

function take({ token }: Seen): Parts {
  const [head = '', body = '', signature = ''] = token.split('.');
  return { head, body, signature, header: decode(head), claims: decode(body) };
}

const hmac = (alg: string, secret: string | Buffer, input: string): string =>
  createHmac(alg.replace('HS', 'sha'), secret).update(input).digest('base64url');

function signed(header: object, body: string, secret: string | Buffer, alg = 'HS256'): string {
  const input = `${encode({ ...header, alg })}.${body}`;
  return `${input}.${hmac(alg, secret, input)}`;
}

function signedByAttacker(header: object, body: string, { own }: Seen): string {
  const input = `${encode({ ...header, alg: 'ES256' })}.${body}`;
  const key = { key: own.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

/** RFC 8725 section 2.1: `none`, however it is spelt. */
function unsigned(seen: Seen): Forged {
  const { header, body, signature } = take(seen);
  const spellings = [
    'none',
    'None',
    'NONE',
    'nOnE',
    ' none',
    'none ',
    'none\0',
    '',
    null,
    undefined,
    false,
    0,
    [],
    ['none'],
  ];
  const forged: [string, string][] = [];
  for (const alg of spellings) {
    const head = encode({ ...header, alg });
    for (const end of ['', signature, 'AA'])
      forged.push([`alg ${JSON.stringify(alg)}, ${end.slice(0, 4)}`, `${head}.${body}.${end}`]);
  }
  return { ...Object.fromEntries(forged), 'no third part': `${encode({ ...header, alg: 'none' })}.${body}` };
}

/** RFC 8725 section 2.1: a public key taken for a shared secret, or for one of another algorithm. */
function confused(seen: Seen): Forged {
  const { header, body, signature } = take(seen);
  const forged: [string, string][] = [];
  for (const jwk of seen.publicKeys) {
    const key = createPublicKey({ key: jwk as never, format: 'jwk' });
    const { kid } = jwk;
    const pem = key.export({ type: 'spki', format: 'pem' }).toString();
    const secrets: Record<string, string | Buffer> = {
      pem,
      'pem, trimmed': pem.trim(),
      der: key.export({ type: 'spki', format: 'der' }),
      jwk: JSON.stringify(jwk),
      'plain jwk': JSON.stringify(key.export({ format: 'jwk' })),
      ...(jwk.kty === 'RSA' && {
        'pkcs1 pem': key.export({ type: 'pkcs1', format: 'pem' }).toString(),
        'pkcs1 der': key.export({ type: 'pkcs1', format: 'der' }),
        n: Buffer.from(String(jwk.n), 'base64url'),
      }),
      ...(jwk.kty === 'EC' && {
        'x and y': Buffer.concat([Buffer.from(String(jwk.x), 'base64url'), Buffer.from(String(jwk.y), 'base64url')]),
      }),
    };
    for (const [form, secret] of Object.entries(secrets)) {
      for (const alg of ['HS256', 'HS384', 'HS512']) {
        forged.push([`${alg} by the ${jwk.kty} key as ${form}`, signed({ ...header, kid }, body, secret, alg)]);
      }
    }
    for (const alg of ['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'ES256K', 'EdDSA', 'hs256', 'constructor']) {
      const other = alg !== header.alg || kid !== header.kid;
      if (other) forged.push([`${alg} with ${kid}`, `${encode({ ...header, kid, alg })}.${body}.${signature}`]);
    }
  }
  return Object.fromEntries(forged);
}

const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

/** Signatures that say nothing: CVE-2022-21449 took zeros for a good one of ECDSA. */
function badlySigned(seen: Seen): Forged {
  const { head, header, body, signature } = take(seen);
  const bytes = Buffer.from(signature, 'base64url');
  const flipped = Buffer.from(bytes);
  flipped[5] = (flipped[5] as number) ^ 1;
  const signatures: Record<string, Buffer> = {
    none: Buffer.alloc(0),
    'one zero': Buffer.alloc(1),
    'as long, of zeros': Buffer.alloc(bytes.length),
    'r and s zero': Buffer.alloc(64),
    'r and s the order of the curve': Buffer.from(order + order, 'hex'),
    'r one, s the order': Buffer.from(`${'0'.repeat(63)}1${order}`, 'hex'),
    'r and s zero in DER': Buffer.from('3006020100020100', 'hex'),
    'an empty sequence in DER': Buffer.from('3000', 'hex'),
    'RSA of zeros': Buffer.alloc(256),
    'RSA of one': Buffer.from(`${'00'.repeat(255)}01`, 'hex'),
    flipped,
    'a part of it': bytes.subarray(0, -1),
    'it and more': Buffer.concat([bytes, Buffer.alloc(1)]),
    'it twice': Buffer.concat([bytes, bytes]),
  };
  const forged: [string, string][] = [];
  for (const [what, wrong] of Object.entries(signatures))
    forged.push([what, `${head}.${body}.${wrong.toString('base64url')}`]);
  for (const { kid, kty } of seen.publicKeys) {
    const es = encode({ ...header, kid, alg: kty === 'EC' ? 'ES256' : 'RS256' });
    for (const what of ['r and s zero', 'r and s zero in DER', 'RSA of zeros', 'none'])
      forged.push([`${what}, with ${kid}`, `${es}.${body}.${signatures[what]?.toString('base64url')}`]);
  }
  return Object.fromEntries(forged);
}

/** RFC 8725 sections 2.1 and 3.10: keys that the token brings itself, or says where they are. */
function ownKey(seen: Seen): Forged {
  const { header, body } = take(seen);
  const { own, site } = seen;
  const { jwk: _, ...without } = header;
  const variants: Record<string, object> = {
    'its kid': {},
    jwk: { jwk: own.jwk },
    'jwk and its kid': { jwk: own.jwk, kid: own.jwk.kid },
    jku: { jku: `${site}/jwks` },
    'jku and its kid': { jku: `${site}/jwks`, kid: own.jwk.kid },
    x5u: { x5u: `${site}/certificate` },
    x5c: { x5c: [own.certificate] },
    'kid as an address': { kid: `${site}/jwks` },
    jwks: { jwks: { keys: [own.jwk] } },
    key: { key: own.jwk },
    'no kid': { kid: undefined, jwk: own.jwk },
  };
  return Object.fromEntries(
    Object.entries(variants).map(([what, more]) => [what, signedByAttacker({ ...without, ...more }, body, seen)]),
  );
}

/** Names of keys that lead somewhere else: to a file, into a statement, to what every object has. */
function strangeKid(seen: Seen): Forged {
  const { header, body } = take(seen);
  const names: readonly unknown[] = [
    '../../../../../../../../dev/null',
    '/dev/null',
    '../../../../../../../../proc/sys/kernel/randomize_va_space',
    "x' UNION SELECT 'secret' --",
    "' OR '1'='1",
    'x|/usr/bin/true',
    '__proto__',
    'constructor',
    'toString',
    '',
    ' ',
    '\0',
    'x'.repeat(5000),
    null,
    7,
    true,
    [],
    {},
    [header.kid],
  ];
  const forged: [string, string][] = [];
  for (const kid of names) {
    const what = JSON.stringify(kid).slice(0, 40);
    for (const secret of ['', 'secret', '2\n']) {
      forged.push([`${what} by ${JSON.stringify(secret)}`, signed({ ...header, kid }, body, secret)]);
    }
    forged.push([`${what} by the attacker`, signedByAttacker({ ...header, kid }, body, seen)]);
  }
  return Object.fromEntries(forged);
}

/** RFC 8725 section 2.2: secrets that are guessed. */
function guessed(seen: Seen): Forged {
  const { header, body } = take(seen);
  const usual = [
    '',
    'secret',
    'password',
    'changeit',
    'admin',
    'wso2carbon',
    'null',
    'undefined',
    'your-256-bit-secret',
  ];
  const forged: [string, string][] = [];
  for (const secret of [...usual, ...seen.guesses]) {
    for (const alg of ['HS256', 'HS512']) {
      forged.push([`${alg} ${secret}`, signed(header, body, secret, alg)]);
      forged.push([`${alg} ${secret}, no kid`, signed({ ...header, kid: undefined }, body, secret, alg)]);
    }
  }
  return Object.fromEntries(forged);
}

/** The signature is that of another text. */
function changed(seen: Seen): Forged {
  const { head, header, body, claims, signature } = take(seen);
  const say = (more: object) => `${head}.${encode({ ...claims, ...more })}.${signature}`;
  const text = Buffer.from(body, 'base64url').toString();
  const { alg } = header;
  return {
    'another sub': say({ sub: 'admin@carbon.super' }),
    'a later exp': say({ exp: 4_000_000_000 }),
    'more scope': say({ scope: 'openid apim:admin' }),
    'another jti': say({ jti: 'another' }),
    'a claim twice, the first one good': `${head}.${encode(text.replace(/}$/, ',"sub":"admin@carbon.super"}'))}.${signature}`,
    'a claim twice, the last one good': `${head}.${encode(text.replace(/^{/, '{"sub":"admin@carbon.super",'))}.${signature}`,
    'alg twice, the first one good': `${encode(`{"alg":"${alg}","kid":"${header.kid}","alg":"none"}`)}.${body}.`,
    'alg twice, the last one good': `${encode(`{"alg":"none","kid":"${header.kid}","alg":"${alg}"}`)}.${body}.`,
    'an unprotected header': JSON.stringify({ payload: body, protected: head, header: { alg: 'none' }, signature: '' }),
    'critical extensions': `${encode({ ...header, crit: ['exp'] })}.${body}.${signature}`,
    'an empty crit': `${encode({ ...header, crit: [] })}.${body}.${signature}`,
    'b64 false': `${encode({ ...header, b64: false, crit: ['b64'] })}.${body}.${signature}`,
    'b64 false, its claims as they are': `${encode({ ...header, b64: false, crit: ['b64'] })}.${text}.${signature}`,
    'claims of a list': `${head}.${encode([claims])}.${signature}`,
    'no JSON': `${head}.${encode('{')}.${signature}`,
    'no claims': `${head}..${signature}`,
    'another zip': `${encode({ ...header, zip: 'DEF' })}.${deflateRawSync(text).toString('base64url')}.${signature}`,
  };
}

/** Other ways to write a JWT (RFC 7515 section 7.2, RFC 7516), and what is none. */
function otherForms(seen: Seen): Forged {
  const { head, body, signature, header, claims } = take(seen);
  return {
    'JSON, flattened': JSON.stringify({ payload: body, protected: head, signature }),
    JSON: JSON.stringify({ payload: body, signatures: [{ protected: head, signature }] }),
    'four parts': `${head}.${body}.${signature}.${signature}`,
    'two parts': `${head}.${body}`,
    dots: '..',
    'many dots': '.'.repeat(2000),
    'with padding': `${head}.${body}.${signature}==`,
    'parts in another order': `${body}.${head}.${signature}`,
    'encrypted, with a key in the header': encrypted({ ...claims }, { kid: header.kid }),
    'encrypted and compressed': encrypted({ ...claims }, { zip: 'DEF' }),
  };
}

function encrypted(claims: object, more: object): string {
  const key = randomBytes(32);
  const iv = randomBytes(12);
  const head = encode({ alg: 'dir', enc: 'A256GCM', k: key.toString('base64url'), ...more });
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(head));
  // A little that becomes much.
  const plain = 'zip' in more ? deflateRawSync(Buffer.alloc(2_000_000, 32)) : Buffer.from(JSON.stringify(claims));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return [
    head,
    '',
    iv.toString('base64url'),
    text.toString('base64url'),
    cipher.getAuthTag().toString('base64url'),
  ].join('.');
}

/** What costs whoever reads it before he has verified it. */
function big(seen: Seen): Forged {
  const { head, header, body, signature } = take(seen);
  const room = Math.floor((seen.longest - seen.token.length) * 0.7);
  const deep = (open: string, close: string) =>
    open.repeat(room / 2 / open.length) + close.repeat(room / 2 / open.length);
  const nested = deep('[', ']');
  const inHeader = `${JSON.stringify(header).slice(0, -1)},"a":${nested}}`;
  return {
    'a deep header': `${encode(inHeader)}.${body}.${signature}`,
    'deep claims': `${head}.${encode(`{"a":${nested}}`)}.${signature}`,
    'deep claims, by the attacker': signedByAttacker(header, encode(`{"a":${nested}}`), seen),
    'an open list': `${head}.${encode('['.repeat(room))}.${signature}`,
    'a great number': `${head}.${encode(`{"exp":1${'0'.repeat(room / 2)}}`)}.${signature}`,
    'many claims': `${head}.${encode(`{${Array.from({ length: room / 10 }, (_, i) => `"${i}":1`).join()}}`)}.${signature}`,
    'a long signature': `${head}.${body}.${'A'.repeat(room)}`,
    'a long part that is none': `${head}.${'='.repeat(room)}.${signature}`,
  };
}

/** All of them, by the kind of attack. */
export const forgeries: Readonly<Record<string, (seen: Seen) => Forged>> = {
  'alg none': unsigned,
  'a key taken for another kind': confused,
  'a signature that says nothing': badlySigned,
  'a key that the token brings': ownKey,
  'a kid that leads elsewhere': strangeKid,
  'a guessed secret': guessed,
  'a changed text': changed,
  'another form': otherForms,
  'a great size': big,
};

/** A token that its own signer writes anew. */
interface Rewriting {
  readonly head: string;
  readonly body: string;
  /** The header, with more. */
  headed(more: object): string;
  /** The claims, with more. */
  saying(more: object): string;
  /** The claims, with more text at their end. */
  ending(more: string): string;
  /** These parts. */
  signed(head: string, body: string): string;
}

export function rewrite(token: string, privateKey: KeyObject, how: (rewriting: Rewriting) => string): string {
  const [head = '', body = ''] = token.split('.');
  const signed = (newHead: string, newBody: string): string => {
    const input = Buffer.from(`${newHead}.${newBody}`);
    const signature = sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${newHead}.${newBody}.${signature.toString('base64url')}`;
  };
  return how({
    head,
    body,
    signed,
    headed: (more) => signed(encode({ ...decode(head), ...more }), body),
    saying: (more) => signed(head, encode({ ...decode(body), ...more })),
    ending: (more) => signed(head, encode(JSON.stringify(decode(body)).replace(/}$/, `,${more}}`))),
  });
}

/** What somebody who may sign writes, and should be refused nevertheless. */
export const signedWrongly: Readonly<Record<string, (of: Rewriting) => string>> = {
  // RFC 7519 section 4: refused, or the last one counts.
  'claims twice, the last ones bad': ({ ending }) => ending('"exp":1,"htm":"PUT"'),
  'alg twice, the last one none': ({ head, body, signed }) =>
    signed(encode(JSON.stringify(decode(head)).replace(/}$/, ',"alg":"none"}')), body),
  'unencoded claims (b64), which no JWT may have (RFC 7797 section 7)': ({ headed }) =>
    headed({ b64: false, crit: ['b64'] }),
  'an unknown critical extension': ({ headed }) => headed({ crit: ['http://a.example/x'], 'http://a.example/x': true }),
  'a registered name as critical': ({ headed }) => headed({ crit: ['exp'], exp: 1 }),
  'an empty crit': ({ headed }) => headed({ crit: [] }),
  'a crit that is no list': ({ headed }) => headed({ crit: 'exp' }),
  'times as text': ({ saying }) => saying({ exp: '4000000000', iat: '1' }),
  'times without end': ({ ending }) => ending('"exp":1e999,"iat":1e999'),
  'times as lists': ({ saying }) => saying({ exp: [4_000_000_000], iat: [1] }),
  'times as null': ({ saying }) => saying({ exp: null, iat: null }),
  'negative times': ({ saying }) => saying({ exp: -1, iat: -1 }),
  'an exp that is over': ({ saying }) => saying({ exp: Math.floor(Date.now() / 1000) - 100 }),
  'not good yet': ({ saying }) => saying({ nbf: Math.floor(Date.now() / 1000) + 3600 }),
  'nbf as text': ({ saying }) => saying({ nbf: '1' }),
  'a jti that is no text': ({ saying }) => saying({ jti: 7 }),
  'a jti that is empty': ({ saying }) => saying({ jti: '' }),
  'an endless jti': ({ saying }) => saying({ jti: 'x'.repeat(5000) }),
  'the type of access tokens': ({ headed }) => headed({ typ: 'at+jwt' }),
  'the type of log-out tokens': ({ headed }) => headed({ typ: 'logout+jwt' }),
  'the type of events': ({ headed }) => headed({ typ: 'secevent+jwt' }),
  'a type that is no text': ({ headed }) => headed({ typ: 7 }),
  // RFC 7515 section 5.2 (2): no line breaks, blanks or other characters.
  'a line break in the claims': ({ head, body, signed }) => signed(head, `${body.slice(0, 8)}\n${body.slice(8)}`),
  'a blank in the head': ({ head, body, signed }) => signed(`${head.slice(0, 8)} ${head.slice(8)}`, body),
  'padding of the head': ({ head, body, signed }) => signed(`${head}==`, body),
  'padding of the claims': ({ head, body, signed }) => signed(head, `${body}=`),
  'padding of the signature': ({ head, body, signed }) => `${signed(head, body)}==`,
  'the other alphabet of base64': ({ head, body, signed }) =>
    signed(head, Buffer.from(JSON.stringify({ ...decode(body), a: '>>>???>>>???' })).toString('base64')),
  'claims in a list': ({ head, body, signed }) => signed(head, encode([decode(body)])),
  'claims that are text': ({ head, signed }) => signed(head, encode('"claims"')),
  'no claims': ({ head, signed }) => signed(head, encode({})),
  null: ({ head, signed }) => signed(head, encode('null')),
};
