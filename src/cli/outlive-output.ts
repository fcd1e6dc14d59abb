/** Lets a process live on when whoever reads its output has gone. */

/** `EPIPE`: the reading end of the pipe is closed. `EIO`: the terminal is. */
const gone = new Set(['EPIPE', 'EIO']);

/**
 * What is written to standard output or standard error after its reader went away is lost, and nothing else happens:
 * `postern start | head -3` has its three lines and goes on to serve. Other errors of these streams end the process as
 * they would without this.
 */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!gone.has(error.code ?? '')) throw error;
    });
  }
}
