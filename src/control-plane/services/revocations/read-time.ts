/** A time as people and programs write it. */
import { RestError } from '../../../platform/rest-error.ts';

const form = 'seconds since the epoch, or a time like 2026-01-31T12:00:00Z (RFC 3339)';
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Seconds since the epoch, the rest of the second dropped. @throws RestError 400 that names the field */
export function readTime(field: string, value: unknown): number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && /^\d{1,12}$/.test(text)) return Number(text);
  const [, year, month, day] = (typeof text === 'string' && rfc3339.exec(text)) || [];
  // The 31st of a short month would be taken for the 1st of the next one.
  const exists = Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const ms = exists ? Date.parse((text as string).toUpperCase()) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new RestError(400, `${field}: expected ${form}, got ${JSON.stringify(value)?.slice(0, 100)}.`);
  }
  return Math.floor(ms / 1000);
}

export const writeTime = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
