/** What a gateway says of itself at its admin address. */

export interface GatewayStatus {
  /** Its admin address. */
  readonly gateway: string;
  /** Whether it serves traffic. */
  readonly ready: boolean;
  /** The number of the last change that it applied; null = none yet, or it follows nobody. */
  readonly applied: number | null;
  /** The newest number that its source told of. */
  readonly head: number | null;
  readonly lag: number | null;
  /** Milliseconds since it was last certain that nothing was missing; null = never, or it follows nobody. */
  readonly stalenessMs: number | null;
  /** null = it follows nobody, by configuration. */
  readonly source: string | null;
  readonly connected: boolean;
  /** How many it holds, by kind: `api`, `key`, `revocation` … */
  readonly entities: Readonly<Record<string, number>>;
  /** What is wrong, in words. */
  readonly problem: string | null;
}

/** Milliseconds that an answer may take. */
const timeout = 5000;

/** The part of the admin page `/status` that is used here. */
interface Page {
  readonly serving: boolean;
  readonly shut?: string | null;
  readonly entities?: Readonly<Record<string, number>>;
  readonly source?: {
    readonly source: string;
    readonly connected: boolean;
    readonly position: string | null;
    readonly head: number | null;
    readonly lag: number | null;
    readonly stalenessMs: number | null;
    readonly sourceFailure: string | null;
    readonly diskFailure: string | null;
  } | null;
}

/** Never throws: who can't be asked is a gateway that is not ready. */
export async function askGateway(gateway: string): Promise<GatewayStatus> {
  const nothing = { ready: false, applied: null, head: null, lag: null, stalenessMs: null, source: null };
  const silent = { gateway, ...nothing, connected: false, entities: {} };
  try {
    const answer = await fetch(`${gateway}/status`, { signal: AbortSignal.timeout(timeout), redirect: 'error' });
    const page = (await answer.json()) as Page;
    if (!answer.ok || typeof page.serving !== 'boolean') {
      return { ...silent, problem: `answered ${answer.status}; is it the admin address of a gateway?` };
    }
    return { gateway, ...statusOf(page) };
  } catch (error) {
    return { ...silent, problem: problemOf(error as Error) };
  }
}

function statusOf({ serving, shut, entities = {}, source }: Page): Omit<GatewayStatus, 'gateway'> {
  return {
    ready: serving,
    applied: source?.position == null ? null : Number(source.position.split(':').at(-1)),
    head: source?.head ?? null,
    lag: source?.lag ?? null,
    stalenessMs: source?.stalenessMs ?? null,
    source: source?.source ?? null,
    connected: source?.connected ?? false,
    entities,
    problem: shut ?? source?.sourceFailure ?? source?.diskFailure ?? null,
  };
}

function problemOf(error: Error): string {
  if (error.name === 'TimeoutError') return `did not answer within ${timeout} ms`;
  if (error instanceof SyntaxError)
    return 'answered with something that is no JSON; is it the admin address of a gateway?';
  const { code, message } = (error.cause ?? error) as Error & { code?: string };
  return `can't be reached (${code ?? message})`;
}
