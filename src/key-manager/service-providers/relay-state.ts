/** What the service provider gets back with the answer, and nobody reads here. */
import type { Form } from '../form.ts';
import { refuse } from './refuse.ts';

/** Bytes. The standard has 80 (SAML bindings section 3.5.3); many send a whole address. */
const longest = 1024;

export function readRelayState(form: Form): string | null {
  const value = form.get('RelayState');
  if (value !== null && Buffer.byteLength(value) > longest)
    return refuse(`RelayState: expected at most ${longest} bytes`);
  return value;
}
