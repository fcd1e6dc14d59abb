/** HAProxy as a peer: as a plain proxy, with TLS, or checking JWTs on every request, which is our job in C. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PinnedProcess, startPinned } from './pinned-process.ts';

export interface HaproxySetup {
  readonly folder: string;
  readonly port: number;
  /** Ports of back ends: for everything, and for what begins with `/upload`. */
  readonly backEnd: number;
  readonly sink: number;
  /** PEM of certificate and key: then it speaks TLS. */
  readonly tls?: string;
  readonly jwt?: JwtCheck;
}

export interface JwtCheck {
  readonly issuer: string;
  readonly publicKeyPem: string;
  /** `jti` that are refused. */
  readonly revoked: Iterable<string>;
}

export function startHaproxy(setup: HaproxySetup): Promise<PinnedProcess> {
  const { folder, port, backEnd, sink, tls, jwt } = setup;
  const file = (name: string, content: string): string => {
    const path = join(folder, `haproxy-${port}${name}`);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const bind = `127.0.0.1:${port} backlog 4096${tls === undefined ? '' : ` ssl crt ${file('.tls.pem', tls)} alpn h2,http/1.1`}`;
  const config = file(
    '.cfg',
    `global
  nbthread 1
  maxconn 4000
  no log
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 60s
frontend clients
  bind ${bind}
  option forwardfor
${jwt === undefined ? '' : check(jwt, file)}  use_backend sink if { path_beg /upload }
  default_backend back_end
backend back_end
  server one 127.0.0.1:${backEnd}
backend sink
  server one 127.0.0.1:${sink}
`,
  );
  return startPinned('measured', 'haproxy', ['-db', '-f', config], port);
}

/** Signature, algorithm, issuer, expiry and the revoked ones: what makes it a comparison. */
function check(jwt: JwtCheck, file: (name: string, content: string) => string): string {
  const revoked = file('.revoked.map', `${[...jwt.revoked].map((jti) => `${jti} revoked`).join('\n')}\n`);
  const key = file('.key.pem', jwt.publicKeyPem);
  return `  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request set-var(txn.iss) var(txn.token),jwt_payload_query('$.iss')
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.jti) var(txn.token),jwt_payload_query('$.jti')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.iss) -m str ${jwt.issuer} }
  http-request deny deny_status 401 unless { var(txn.token),jwt_verify(txn.alg,"${key}") -m int 1 }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 if { var(txn.jti),map_str(${revoked}) -m found }
`;
}
