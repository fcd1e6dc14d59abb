/**
 * Loaded into a process (`node --import`): at SIGUSR2 it says for how long its main thread did nothing else, at most, and
 * how much of the processor's time such a turn took at most, which does not depend on what else the machine does.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** Milliseconds between looks. */
const resolution = 2;

if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let before = used();
  let most = 0;
  setInterval(() => {
    const now = used();
    most = Math.max(most, now - before);
    before = now;
  }, resolution).unref();
  process.on('SIGUSR2', () => {
    process.stderr.write(`event loop delay: ${(delays.max / 1e6).toFixed(0)} ms, computing ${most.toFixed(0)} ms\n`);
    delays.reset();
    most = 0;
  });
}
