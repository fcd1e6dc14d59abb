/** The forms of access token. */
import type { TokenType } from '../../core/application.ts';
import type { TokenFormat } from './format.ts';
import { jwt } from './jwt.ts';
import { opaque } from './opaque.ts';

export const formats: Readonly<Record<TokenType, TokenFormat>> = { JWT: jwt, OPAQUE: opaque };
