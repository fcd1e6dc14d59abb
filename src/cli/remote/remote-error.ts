/** A control plane did not do what a command asked of it; the message says why and what to do. */
import { OperatorError } from '../../platform/operator-error.ts';

/** How the command ends, as docs/cli.md lists it. */
export type RemoteExit = 1 | 3 | 4 | 5;

export class RemoteError extends OperatorError {
  override name = 'RemoteError';
  override readonly exitCode: RemoteExit;

  constructor(message: string, exitCode: RemoteExit = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** 3: nobody is logged in (any more), or the user may not do it. */
export const notLoggedIn = (message: string): RemoteError => new RemoteError(message, 3);
/** 4: the control plane can't be reached, or did not answer in time. */
export const unreachable = (message: string): RemoteError => new RemoteError(message, 4);
/** 5: what was asked for is not there. */
export const notFound = (message: string): RemoteError => new RemoteError(message, 5);
