/** nginx, as the back end of everybody and as a peer. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PinnedProcess, type Place, startPinned } from './pinned-process.ts';

/** What every small request is answered: 150 bytes. */
export const smallAnswer = JSON.stringify({ answer: 'x'.repeat(150 - '{"answer":""}'.length) });

/** Bodies of these sizes are at `/files/<bytes>`. */
export const bodySizes = { '1 KiB': 1024, '100 KiB': 100 * 1024, '10 MiB': 10 * 1024 * 1024 } as const;

export function startNginxBackEnd(folder: string, port: number): Promise<PinnedProcess> {
  const files = join(folder, 'files');
  mkdirSync(files, { recursive: true });
  for (const bytes of Object.values(bodySizes)) writeFileSync(join(files, String(bytes)), Buffer.alloc(bytes, 'x'));
  const server = `
    location / { default_type application/json; return 200 '${smallAnswer}'; }
    location ~ /files/(\\d+)$ { default_type application/octet-stream; alias ${files}/$1; }`;
  return start(folder, 'other', port, '', server);
}

export function startNginxProxy(folder: string, port: number, backEnd: number): Promise<PinnedProcess> {
  const upstream = `upstream back_end { server 127.0.0.1:${backEnd}; keepalive 256; keepalive_requests 1000000000; }`;
  const server = `
    location / {
      proxy_pass http://back_end;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }`;
  return start(folder, 'measured', port, upstream, server);
}

function start(folder: string, place: Place, port: number, http: string, server: string): Promise<PinnedProcess> {
  const home = join(folder, `nginx-${port}`);
  mkdirSync(home, { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${home}/${kind};`)
    .join('\n');
  const file = join(home, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${home}/nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 20000;
events { worker_connections 16000; }
http {
${temporary}
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_timeout 600;
  keepalive_requests 1000000000;
  ${http}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    ${server}
  }
}
`,
  );
  return startPinned(place, 'nginx', ['-p', home, '-c', file, '-e', 'stderr'], port);
}
