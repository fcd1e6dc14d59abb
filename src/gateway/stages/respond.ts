/** What is changed in the head of the back end's answer before the client gets it. */
import type { AnswerHead, Field, HeadEdits } from '../../wire/wire.ts';
import type { Exchange } from '../exchange.ts';
import { corsFields } from './answer-cors.ts';

/** CORS is the gateway's business where the API has rules for it: the back end's own fields would contradict them. */
const backendCors = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
];

export function respond(x: Exchange, head: AnswerHead): HeadEdits | null {
  const cors = x.route?.api.api.cors ?? null;
  if (cors === null) return null;
  const vary = head.header('vary');
  const set = corsFields(cors, x.wire.header('origin')).map(
    ([name, value]): Field => (name === 'vary' && vary !== undefined ? [name, `${vary}, ${value}`] : [name, value]),
  );
  return { remove: backendCors, set };
}
