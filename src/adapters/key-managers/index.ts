/** The kinds of key manager that can make keys for applications. */
import { regenerateSecret, registerClient, revealSecret } from './built-in.ts';

export const keyManagers = { 'built-in': { registerClient, regenerateSecret, revealSecret } } as const;
