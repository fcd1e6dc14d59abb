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
  const fields = corsFields(cors, x.wire.header('origin'));
  const set = vary === undefined ? fields : fields.map((field) => mergeVary(field, vary));
  return { remove: backendCors, set };
}

/** Ours does not replace what the back end's answer varies by. */
function mergeVary(field: Field, vary: string): Field {
  return field[0] === 'vary' ? ['vary', `${vary}, ${field[1]}`] : field;
}
