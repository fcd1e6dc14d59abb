/** What a provider answers in JSON. */

/** Null = it is no JSON, or neither an object nor a list. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const given = JSON.parse(text) as unknown;
    return typeof given === 'object' ? (given as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
