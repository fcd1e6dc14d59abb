/** Something that must stay within bounds however long it goes on, or however many there are of it. */
import type { wires } from '../../../src/wire/index.ts';

export interface Bound {
  readonly name: string;
  readonly about: string;
  /** How much of it: in CI, where it has a few seconds, and by `npm run bounds`. */
  readonly scale: { readonly short: number; readonly long: number; readonly unit: string };
  /** Why it can't be measured here, at this scale; null = it can. */
  obstacle?(scale: number): string | null;
  measure(wire: keyof typeof wires, scale: number, say: (line: string) => void): Promise<Finding[]>;
}

export interface Finding {
  readonly name: string;
  readonly value: number;
  readonly unit: 'MB' | 'KB' | 'ms';
  readonly atMost: number;
}

export const text = ({ name, value, unit, atMost }: Finding): string =>
  `${name}: ${value.toFixed(1)} ${unit} (at most ${atMost.toFixed(1)})${value <= atMost ? '' : ' MISSED'}`;
