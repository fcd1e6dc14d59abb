/** Listening ports: whether one is free, and whether several threads can share one. */
import { createServer } from 'node:net';
import { OperatorError } from './operator-error.ts';

/** It is not possible to listen there; the message says why and what to set. */
export class ListenError extends OperatorError {
  override name = 'ListenError';
}

/**
 * Binds the port for a moment. Sockets that share a port (`SO_REUSEPORT`) can be bound beside a stranger's without an
 * error, so this has to be asked before.
 * @param option name of the option that chose the port, for the message
 * @throws ListenError, or the system's error
 */
export function checkPortFree(host: string, port: number, option: string): Promise<void> {
  if (port === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => reject(portError(error, host, port, option)));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

/** The error that a failed `listen` becomes, in words that say what to do. */
export function portError(error: NodeJS.ErrnoException, host: string, port: number, option: string): Error {
  if (error.code === 'EADDRINUSE') {
    return new ListenError(
      `port ${port} on ${host} is in use; end what listens there, or set ${option} (or --port-offset)`,
    );
  }
  if (error.code === 'EACCES') {
    return new ListenError(`port ${port} on ${host} may not be bound by this user; set ${option} to a port above 1023`);
  }
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return new ListenError(
      `there is no host named ${host}; set ${option.replace(/\.\w+$/, '.host')} (or --host) to an address of this machine`,
    );
  }
  if (error.code === 'EADDRNOTAVAIL')
    return new ListenError(`${host} is no address of this machine; set ${option.replace(/\.\w+$/, '.host')}`);
  return error;
}

/** The systems on which Node can share a listening port between threads. */
export function supportsReusePort(): boolean {
  return ['linux', 'freebsd', 'sunos', 'aix'].includes(process.platform);
}

/** A port that nobody listens on at the moment. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ host, port: 0 }, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
