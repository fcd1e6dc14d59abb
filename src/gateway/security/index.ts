/** The authentication schemes. */
import type { Scheme } from './scheme.ts';

/** `jwt`: signed, verified here. `opaque`: a reference, introspected at the key manager. */
export type Schemes = Readonly<Record<'jwt' | 'opaque', Scheme>>;
