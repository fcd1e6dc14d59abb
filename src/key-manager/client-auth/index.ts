/** The methods by which a client can prove who it is. */
import { basic } from './basic.ts';
import type { ClientAuthentication } from './client-authentication.ts';
import { none } from './none.ts';
import { post } from './post.ts';
import { privateKeyJwt } from './private-key-jwt.ts';

export const clientAuthentications: readonly ClientAuthentication[] = [basic, post, privateKeyJwt, none];
