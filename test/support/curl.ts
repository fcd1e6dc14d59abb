/** Runs command lines as a user would paste them, with the system's shell and curl. */
import { spawn } from 'node:child_process';

export interface CurlAnswer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** Runs a `curl …` command line and returns its answer. The command is left as it is, but for asking to see the head. */
export async function curl(commandLine: string): Promise<CurlAnswer> {
  const shown = commandLine.replace(/^(\s*)curl\b/i, '$1curl -sS -i --max-time 20');
  const { status, out, err } = await shell(shown);
  if (status !== 0) throw new Error(`curl ended with ${status}: ${err}\n${commandLine}`);
  // Interim answers (100 Continue) come before the real one.
  let rest = out;
  let head = '';
  do {
    const at = rest.indexOf('\r\n\r\n');
    head = rest.slice(0, at);
    rest = rest.slice(at + 4);
  } while (/^HTTP\/\S+ 1\d\d/.test(head));
  return { status: Number(/^HTTP\/\S+ (\d+)/.exec(head)?.[1]), headers: head, body: rest };
}

export function shell(commandLine: string): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn('sh', ['-c', commandLine]);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => void (out += chunk));
  child.stderr.on('data', (chunk) => void (err += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, out, err }));
  });
}
