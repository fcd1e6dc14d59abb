/**
 * Limits, in order: of the API or else the resource, of the subscription (its quota, then its burst), of the application,
 * of the back end.
 * Each is taken if there is some left; a later refusal gives back what was taken, so that refused requests don't count.
 * Over-use of a policy that doesn't stop on quota passes, and takes nothing. Requests that fit conditional groups of the
 * API's or resource's policy have the limits of those groups instead of its own.
 */
import { type Fault, type FaultKind, fault, faults } from '../../core/faults.ts';
import { type Limit, unauthenticated, unlimited } from '../../core/policy.ts';
import type { Fingerprinter } from '../../platform/fingerprint.ts';
import type { Exchange } from '../exchange.ts';
import type { StageFactory } from '../stage.ts';
import type { PolicyRef } from '../throttling/policies.ts';
import { type RateCounters, type RateKey, rateKey } from '../throttling/rate-counters.ts';
import { Takings } from '../throttling/takings.ts';

export const throttle: StageFactory = (resource, { api, ordinal, builtIn }, deps) => {
  if (builtIn) return null;
  const { counters, policies, fingerprinter } = deps;
  const ofApi = api.tier !== undefined && api.tier !== unlimited;
  const resourcePolicy = policies.ref('resource', ofApi ? (api.tier as string) : resource.tier);
  const limited = ofApi ? ['api', ordinal] : ['resource', ordinal, resource.path, resource.verb];
  const resourceKey = rateKey(fingerprinter, ...limited);
  const groupKeys: RateKey[] = [];
  const resourceFault = ofApi ? faults.apiThrottled : faults.resourceThrottled;
  const open = resource.authType === 'None';
  const openPolicy = policies.ref('subscription', unauthenticated);
  const takings = new Takings(counters);
  const caps = {
    PRODUCTION: capOf(api.maxTps?.production, rateKey(fingerprinter, 'production', ordinal)),
    SANDBOX: capOf(api.maxTps?.sandbox, rateKey(fingerprinter, 'sandbox', ordinal)),
  };

  const refuse = (kind: FaultKind, key: RateKey, limit: Limit, x: Exchange): Fault => {
    takings.giveBack();
    return throttled(counters, kind, key, limit, x);
  };

  /** Whether the request fits a group; or the refusal of one whose limit is used up. */
  const takeFromGroups = ({ groups, stopOnQuota }: PolicyRef, x: Exchange): Fault | boolean => {
    if (groups === null) return false;
    let fitsOne = false;
    for (const [at, { limit, fits }] of groups.entries()) {
      if (!fits(x)) continue;
      fitsOne = true;
      const key = (groupKeys[at] ??= rateKey(fingerprinter, 'condition', at, ...limited));
      if (!takings.take(key, limit, x.now) && stopOnQuota) return refuse(resourceFault, key, limit, x);
    }
    return fitsOne;
  };

  const limit = (x: Exchange): Fault | typeof unheard | undefined => {
    const subscriptionPolicy = open ? openPolicy : policies.at(x.subscriptionTier);
    const applicationPolicy = open ? noLimit : policies.at(x.applicationTier);
    if (!subscriptionPolicy || !applicationPolicy) return unheard;
    const resourceLimit = resourcePolicy.limit;
    const { limit: quota, burst } = subscriptionPolicy;
    const applicationLimit = applicationPolicy.limit;
    if (resourceLimit === undefined || quota === undefined || applicationLimit === undefined) {
      return fault(faults.policyMissing);
    }
    takings.begin();

    const grouped = takeFromGroups(resourcePolicy, x);
    if (typeof grouped === 'object') return grouped;
    if (!grouped && resourceLimit !== null) {
      const within = takings.take(resourceKey, resourceLimit, x.now);
      if (!within && resourcePolicy.stopOnQuota) return refuse(resourceFault, resourceKey, resourceLimit, x);
    }

    if (quota !== null || burst !== null) {
      const { stopOnQuota } = subscriptionPolicy;
      const key = open
        ? rateKey(fingerprinter, 'open', ordinal, x.clientAddress)
        : keyOfSubscription(fingerprinter, x, ordinal);
      if (quota !== null && !takings.take(key, quota, x.now) && stopOnQuota) {
        return refuse(faults.subscriptionThrottled, key, quota, x);
      }
      if (burst !== null && !takings.take(opposite(key), burst, x.now) && stopOnQuota) {
        return refuse(faults.subscriptionBurst, opposite(key), burst, x);
      }
    }

    if (applicationLimit !== null) {
      const key = keyOfApplication(fingerprinter, x);
      if (!takings.take(key, applicationLimit, x.now) && applicationPolicy.stopOnQuota) {
        return refuse(faults.applicationThrottled, key, applicationLimit, x);
      }
    }

    const cap = caps[x.keyType];
    if (cap !== null && !takings.take(cap.key, cap.limit, x.now)) {
      return refuse(faults.backendCapped, cap.key, cap.limit, x);
    }
    return undefined;
  };

  return (x) => {
    const outcome = limit(x);
    if (outcome !== unheard) return outcome;
    return policies.news().then(() => {
      const late = limit(x);
      return late === unheard ? fault(faults.policyMissing) : late;
    });
  };
};

/** Shared memory names a policy of which the message is still on its way to this thread. */
const unheard = Symbol('unheard');

const noLimit: PolicyRef = { limit: null, stopOnQuota: true, burst: null, groups: null };

/** A second counter of the same. A key is a hash, so another key is its opposite as rarely as it is the same. */
const opposite = ({ position, tag }: RateKey): RateKey => ({ position: ~position, tag: ~tag });

function capOf(count: number | undefined, key: RateKey): { key: RateKey; limit: Limit } | null {
  return count === undefined ? null : { key, limit: { count, windowMs: 1000 } };
}

function throttled(counters: RateCounters, kind: FaultKind, key: RateKey, limit: Limit, x: Exchange): Fault {
  const seconds = Math.max(1, Math.ceil(counters.remaining(key, limit, x.now) / 1000));
  const words = kind === faults.backendCapped ? kind.description : 'You have exceeded your quota.';
  return fault(kind, `${words} Try again in ${seconds} s.`, [['retry-after', String(seconds)]]);
}

/** Of the application at this API. Kept with the principal: hashing is for its first request only. */
function keyOfSubscription(fingerprinter: Fingerprinter, x: Exchange, api: number): RateKey {
  const { principal, application } = x;
  let key = principal?.subscriptionRates?.get(api);
  if (!key) {
    key = rateKey(fingerprinter, 'subscription', application, api);
    if (principal) (principal.subscriptionRates ??= new Map()).set(api, key);
  }
  return key;
}

/** Of the user at the application. */
function keyOfApplication(fingerprinter: Fingerprinter, x: Exchange): RateKey {
  const { principal, application } = x;
  if (!principal) return rateKey(fingerprinter, 'application', application);
  principal.applicationRate ??= rateKey(fingerprinter, 'application', application, principal.subject);
  return principal.applicationRate;
}
