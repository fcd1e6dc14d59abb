/** The authentication schemes. */
import type { Scheme } from './scheme.ts';

/**
 * `jwt`: an access token, signed, verified here. `opaque`: one that is a reference, introspected at the key manager.
 * `basic`: user name and password. `apiKey`: a signed key.
 */
export type Schemes = Readonly<Record<'jwt' | 'opaque' | 'basic' | 'apiKey', Scheme>>;
