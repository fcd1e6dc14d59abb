/** Writes the history while it happens. */
import type {
  FaultRecord,
  FinalState,
  GatewayKind,
  History,
  LifeRecord,
  OutageRecord,
  PresentationRecord,
  RequestRecord,
  RestoreRecord,
  RevocationRecord,
  TokenRecord,
} from './history.ts';
import { type ScarcitySample, watchScarcity } from './scarcity.ts';

export class Recorder implements History {
  readonly tokens: TokenRecord[] = [];
  readonly requests: RequestRecord[] = [];
  readonly revocations: RevocationRecord[] = [];
  readonly presentations: PresentationRecord[] = [];
  readonly lives: LifeRecord[] = [];
  readonly outages: OutageRecord[] = [];
  readonly faults: FaultRecord[] = [];
  readonly scarcity: ScarcitySample[] = [];
  readonly final: FinalState[] = [];
  restore: RestoreRecord | null = null;
  head: string | null = null;
  readonly gateways: readonly GatewayKind[];
  /** Ends what repeats. */
  readonly stop: () => void;

  constructor(gateways: readonly GatewayKind[]) {
    this.gateways = gateways;
    this.stop = watchScarcity(this.now, (sample) => this.scarcity.push(sample));
  }

  now(): number {
    return performance.now();
  }

  /** A process of a gateway begins. */
  spawned(gateway: number): LifeRecord {
    const life: LifeRecord = { gateway, spawned: this.now(), ready: null, died: null };
    this.lives.push(life);
    return life;
  }

  /** A source can't be followed from now on. Returns the function that notes its return. */
  outage(gateway: number, source: number, how: OutageRecord['how'], delay = 0): () => void {
    const outage: OutageRecord = { gateway, source, how, delay, from: this.now(), until: null };
    this.outages.push(outage);
    return () => {
      outage.until ??= this.now();
    };
  }

  /** A fault begins. Returns the function that notes its end. */
  fault(kind: string, target: string): () => void {
    const fault: FaultRecord = { kind, target, from: this.now(), until: null };
    this.faults.push(fault);
    return () => {
      fault.until ??= this.now();
    };
  }
}
