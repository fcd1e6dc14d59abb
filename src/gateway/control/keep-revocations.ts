/** What was denied stays denied, also when a snapshot doesn't know of it, or knows less: its store may be a restored one. */
import type { Revocation } from '../../core/revocation.ts';
import type { EntityChange } from '../../core/snapshot.ts';

/** The entities of a snapshot, with the revocations that are known: of two of the same thing, what denies more. */
export function keepRevocations(entities: readonly EntityChange[], known: readonly EntityChange[]): EntityChange[] {
  const left = new Map<string, Revocation>();
  for (const one of known) if (one.kind === 'revocation' && one.value) left.set(one.id, one.value);
  const all = entities.map((one): EntityChange => {
    const before = one.kind === 'revocation' ? left.get(one.id) : undefined;
    if (one.kind !== 'revocation' || !one.value || !before) return one;
    left.delete(one.id);
    return { kind: 'revocation', id: one.id, value: stricter(one.value, before) };
  });
  for (const [id, value] of left) all.push({ kind: 'revocation', id, value });
  return all;
}

function stricter(a: Revocation, b: Revocation): Revocation {
  const expires = Math.max(a.expires, b.expires);
  const { issuedBefore: _, ...whenever } = a;
  // Without `issuedBefore` every token is meant, whenever it was issued.
  if (a.issuedBefore === undefined || b.issuedBefore === undefined) return { ...whenever, expires };
  return { ...a, issuedBefore: Math.max(a.issuedBefore, b.issuedBefore), expires };
}
