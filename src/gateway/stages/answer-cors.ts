/**
 * Cross-origin requests (the Fetch standard's CORS protocol). A preflight is answered here and goes no further; the
 * fields for other requests are added to every answer, refusals too, so that a page can read why it was refused.
 */
import type { Cors } from '../../core/api.ts';
import type { Field } from '../../wire/wire.ts';
import type { Exchange } from '../exchange.ts';
import { type StageFactory, taken } from '../stage.ts';

export const answerCors: StageFactory = (_resource, { api }) => {
  const { cors } = api;
  if (cors === null) return null;
  return (x) => {
    if (preflightMethod(x, cors) === null) return undefined;
    const origin = x.wire.header('origin');
    const fields: Field[] = [...corsFields(cors, origin)];
    if (fields.length > 0) {
      fields.push(
        ['access-control-allow-methods', cors.allowMethods.join(', ')],
        ['access-control-allow-headers', cors.allowHeaders.join(', ')],
        ['access-control-max-age', '600'],
      );
    }
    x.status = 204;
    x.wire.respond({ status: 204, fields, body: '' });
    return taken;
  };
};

/** The method that a preflight asks about; null if the request isn't one, or the API has no CORS rules. */
export function preflightMethod(x: Exchange, cors: Cors | null): string | null {
  if (cors === null || x.wire.method !== 'OPTIONS' || x.wire.header('origin') === undefined) return null;
  return x.wire.header('access-control-request-method') ?? null;
}

const none: readonly Field[] = [];
const varies: readonly Field[] = [['vary', 'Origin']];

/** The fields that let a page of this origin read the answer; none if it may not, or if there is no origin. */
export function corsFields(cors: Cors, origin: string | undefined): readonly Field[] {
  const everybody = cors.allowOrigins.includes('*');
  // Where the answer depends on the origin, a cache has to know, also from an answer to nobody in particular.
  if (origin === undefined) return everybody && !cors.allowCredentials ? none : varies;
  if (!everybody && !cors.allowOrigins.includes(origin)) return varies;
  // With credentials the wildcard is not allowed; the origin itself is named, for origins that were listed.
  if (everybody && !cors.allowCredentials) return [['access-control-allow-origin', '*']];
  const fields: Field[] = [
    ['access-control-allow-origin', origin],
    ['vary', 'Origin'],
  ];
  if (cors.allowCredentials && !everybody) fields.push(['access-control-allow-credentials', 'true']);
  return fields;
}
