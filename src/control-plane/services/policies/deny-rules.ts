/** Deny rules as the admin API writes them, to and fro. */
import type { DenyRuleRow } from '../../../adapters/stores/deny-rules.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { DenyRule, DenyType } from '../../../core/deny-rule.ts';
import { AddressError, addressRange } from '../../../core/ip-address.ts';
import { defaultTenant, fullUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';

const types: readonly DenyType[] = ['API', 'APPLICATION', 'USER', 'IP', 'IPRANGE'];
const place = 'body/conditionValue';
/** `CN=shop, O=Example` */
const subject = /^[A-Za-z][\w.-]*=\S/;

/**
 * What `conditionType` and `conditionValue` say. An address may be given by itself or as `{fixedIp, invert}`, a range is
 * `{startingIp, endingIp, invert}`; everything else is text.
 * @throws RestError 400 when it is not of the expected form, or names nothing that there is
 */
export async function readDenyRule(
  { store, users }: ControlPlaneDeps,
  given: { readonly conditionType: string; readonly conditionValue: unknown },
): Promise<DenyRule> {
  const { conditionValue: value } = given;
  const type = types.find((one) => one === given.conditionType.toUpperCase());
  switch (type) {
    case 'API':
      return { type, value: await existingApi(store.db, textOf(value)) };
    case 'APPLICATION':
      return { type, value: await existingApplication(store.db, textOf(value)) };
    case 'USER': {
      const user = await users.find(textOf(value));
      // Who shows a certificate of an authority that an API accepts is known by its subject, to gateways alone.
      if (!user && subject.test(textOf(value))) return { type, value: textOf(value) };
      if (!user) throw new RestError(400, `${place}: there is no user ${textOf(value)}.`);
      return { type, value: user.fullName };
    }
    case 'IP': {
      const { fixedIp, invert } =
        typeof value === 'string' ? { fixedIp: value } : objectOf(value, ['fixedIp', 'invert']);
      return { type, value: range(fixedIp, fixedIp)[0], ...inverted(invert) };
    }
    case 'IPRANGE': {
      const { startingIp, endingIp, invert } = objectOf(value, ['startingIp', 'endingIp', 'invert']);
      return { type, value: range(startingIp, endingIp).join('-'), ...inverted(invert) };
    }
    default:
      throw new RestError(400, `body/conditionType: expected one of ${types.join(', ')}.`);
  }
}

export function writeDenyRule({ id, type, value, invert, enabled }: DenyRuleRow) {
  return {
    conditionId: id,
    conditionType: type,
    conditionValue: writeValue(type, value, invert === 1),
    conditionStatus: enabled === 1,
  };
}

function writeValue(type: DenyType, value: string, invert: boolean): unknown {
  if (type === 'IP') return { fixedIp: value, invert };
  if (type !== 'IPRANGE') return value;
  const [startingIp, endingIp] = value.split('-');
  return { startingIp, endingIp, invert };
}

/** Context and version of an API, `/pizzashack/1.0.0`. */
async function existingApi(db: Queryable, value: string): Promise<string> {
  const at = value.lastIndexOf('/');
  const api = await db
    .selectFrom('apis')
    .select('id')
    .where('tenant', '=', defaultTenant)
    .where('context', '=', value.slice(0, at))
    .where('version', '=', value.slice(at + 1))
    .executeTakeFirst();
  if (!api)
    throw new RestError(
      400,
      `${place}: there is no API at ${value}; expected context and version as in /pizzashack/1.0.0.`,
    );
  return value;
}

/** `owner:name`; the owner with or without tenant. */
async function existingApplication(db: Queryable, value: string): Promise<string> {
  const at = value.indexOf(':');
  const owner = fullUserName(value.slice(0, Math.max(0, at)));
  const name = value.slice(at + 1);
  const application = await db
    .selectFrom('applications')
    .select('id')
    .where('tenant', '=', defaultTenant)
    .where('owner', '=', owner)
    .where('name', '=', name)
    .executeTakeFirst();
  if (!application) throw new RestError(400, `${place}: there is no application ${value}; expected owner:name.`);
  return `${owner}:${name}`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new RestError(400, `${place}: expected text.`);
}

/** Older clients send the object as text. */
function objectOf(value: unknown, names: readonly string[]): Record<string, unknown> {
  const expected = new RestError(400, `${place}: expected an object with ${names.join(', ')}.`);
  let object = value;
  try {
    if (typeof value === 'string') object = JSON.parse(value);
  } catch {
    throw expected;
  }
  if (typeof object !== 'object' || object === null) throw expected;
  if (Object.keys(object).some((name) => !names.includes(name))) throw expected;
  return object as Record<string, unknown>;
}

function inverted(invert: unknown): { invert?: true } {
  if (invert === undefined || invert === false) return {};
  if (invert === true) return { invert };
  throw new RestError(400, `${place}/invert: expected true or false.`);
}

function range(...ends: [unknown, unknown]): [string, string] {
  const [first, last] = ends.map((one) => (typeof one === 'string' ? one : '')) as [string, string];
  try {
    addressRange(first, last);
    return [first, last];
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new RestError(400, `${place}: ${error.message}.`);
  }
}
