/** All bounds. */
import { bodies } from './bodies.ts';
import type { Bound } from './bound.ts';
import { idle } from './idle.ts';
import { requests } from './requests.ts';
import { slowHeads } from './slow-heads.ts';

export const bounds: readonly Bound[] = [bodies, requests, slowHeads, idle];
