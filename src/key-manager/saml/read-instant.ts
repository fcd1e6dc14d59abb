/** A point in time as SAML writes it, in UTC (SAML core section 1.3.3). */

/** Milliseconds since the epoch; null = it is written in another way. */
export function readInstant(text: string): number | null {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
