/** What a client weighs that has had its answer and says no more. */
import { startAnswering } from './answering.ts';
import type { Bound, Finding } from './bound.ts';
import { gather } from './crowd.ts';
import { tooFewFiles } from './files.ts';
import { type ProxyProcess, startProxy, type Weight } from './proxy-process.ts';

/** KB for each connection: JavaScript objects and what they hold; and in memory, with the kernel's and OpenSSL's part in this process. */
const atMost = { silent: { used: 3.5, resident: 10 }, secure: { used: 8, resident: 90 } } as const;
/** KB by which the process as a whole changes anyway. */
const noise = { used: 500, resident: 8_000 } as const;

export const idle: Bound = {
  name: 'idle',
  about: 'memory of connections that are kept',
  scale: { short: 500, long: 10_000, unit: 'connections' },
  obstacle: tooFewFiles,
  async measure(wire, scale, say) {
    const backEnd = await startAnswering();
    try {
      const findings: Finding[] = [];
      for (const manner of ['silent', 'secure'] as const) {
        const proxy = await startProxy(wire, backEnd.port);
        try {
          const port = manner === 'secure' ? proxy.https : proxy.http;
          // What comes with the first connections does not come again.
          await (await gather(port, manner === 'secure' ? 50 : 400, manner)).leave();
          const before = await atRest(proxy);
          const crowd = await gather(port, scale, manner);
          const after = await atRest(proxy);
          const lost = await crowd.lost();
          await crowd.leave();
          if (lost > 0) throw new Error(`${lost} of ${scale} connections were closed`);
          const kilobytes = (now: number, then: number): number => ((now - then) * 1000) / scale;
          const used = kilobytes(after.used, before.used);
          const resident = kilobytes(after.resident, before.resident);
          say(
            `${manner}: ${used.toFixed(1)} KB in JavaScript, ${resident.toFixed(1)} KB in memory for each; ${after.resident.toFixed(0)} MB in all`,
          );
          for (const [name, value] of Object.entries({ used, resident }) as ['used' | 'resident', number][])
            findings.push({
              name: `${manner}, ${name}`,
              value,
              unit: 'KB',
              atMost: atMost[manner][name] + noise[name] / scale,
            });
        } finally {
          await proxy.stop();
        }
      }
      return findings;
    } finally {
      backEnd.close();
    }
  },
};

/** When what answers have left behind has been let go. */
async function atRest(proxy: ProxyProcess): Promise<Weight> {
  let before = await proxy.weigh();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await proxy.weigh();
    if (Math.abs(now.used - before.used) < 0.05) return now;
    before = now;
  }
}
