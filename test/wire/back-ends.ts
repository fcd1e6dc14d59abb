/** nginx and HAProxy as back ends: each reads what it is sent in its own way, and passes it on to a server that notes it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../../src/platform/ports.ts';

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  body: string;
  isWhole: boolean;
}

export interface BackEnd {
  readonly url: string;
  /** What came out of it, in the order of arrival. */
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

export type BackEndName = 'nginx' | 'haproxy';

export async function startBackEnd(name: BackEndName): Promise<BackEnd> {
  const dir = mkdtempSync(join(tmpdir(), `postern-${name}-`));
  const seen: SeenRequest[] = [];
  const notes = createServer((request, response) => {
    const noted = { method: request.method as string, target: request.url as string, body: '', isWhole: false };
    seen.push(noted);
    request.setEncoding('latin1').on('data', (data: string) => {
      noted.body += data;
    });
    request.on('error', () => {});
    request.on('end', () => {
      noted.isWhole = true;
      response.end('ok');
    });
  });
  notes.listen(0, '127.0.0.1');
  await once(notes, 'listening');
  const port = await freePort('127.0.0.1');
  const behind = (notes.address() as AddressInfo).port;
  const child = (name === 'nginx' ? startNginx : startHaproxy)(dir, port, behind);
  await untilListening(child, port);
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    async close() {
      if (child.exitCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      notes.close();
      notes.closeAllConnections();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function startNginx(dir: string, port: number, behind: number): ChildProcess {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => {
    mkdirSync(join(dir, kind));
    return `${kind}_temp_path ${join(dir, kind)};`;
  });
  const file = join(dir, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${join(dir, 'pid')};
error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off;
  ${folders.join('\n  ')}
  upstream notes { server 127.0.0.1:${behind}; keepalive 4; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://notes;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`,
  );
  return run('nginx', ['-p', dir, '-e', 'stderr', '-c', file]);
}

function startHaproxy(dir: string, port: number, behind: number): ChildProcess {
  const file = join(dir, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  maxconn 256
  tune.http.maxhdr 256
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen all
  bind 127.0.0.1:${port}
  http-reuse always
  server notes 127.0.0.1:${behind}
`,
  );
  return run('haproxy', ['-db', '-q', '-f', file]);
}

/** A daemon, which stays in the foreground. */
export function run(command: string, args: readonly string[]): ChildProcess {
  // Where Debian keeps daemons is not on everybody's PATH.
  const env = { ...process.env, PATH: [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter) };
  return spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

export async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`it has ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it does not listen');
}
