/**
 * Limits, in order: of the API or else the resource, of the subscription, of the application. Each is taken if there
 * is some left; a later refusal gives back what was taken, so that refused requests don't count. Over-use of a policy
 * that doesn't stop on quota passes, and takes nothing.
 */
import { type Fault, type FaultKind, fault, faults } from '../../core/faults.ts';
import { type Limit, unlimited } from '../../core/policy.ts';
import type { Fingerprinter } from '../../platform/fingerprint.ts';
import type { Exchange } from '../exchange.ts';
import type { StageFactory } from '../stage.ts';
import type { PolicyRef } from '../throttling/policies.ts';
import { type RateCounters, type RateKey, rateKey } from '../throttling/rate-counters.ts';

export const throttle: StageFactory = (resource, { api, ordinal, builtIn }, deps) => {
  if (builtIn) return null;
  const { counters, policies, fingerprinter } = deps;
  const ofApi = api.tier !== undefined && api.tier !== unlimited;
  const resourcePolicy = policies.ref('resource', ofApi ? (api.tier as string) : resource.tier);
  const resourceKey = ofApi
    ? rateKey(fingerprinter, 'api', ordinal)
    : rateKey(fingerprinter, 'resource', ordinal, resource.path, resource.verb);
  const resourceFault = ofApi ? faults.apiThrottled : faults.resourceThrottled;
  const open = resource.authType === 'None';
  const unauthenticated = policies.ref('subscription', 'Unauthenticated');

  const limit = (x: Exchange): Fault | typeof unheard | undefined => {
    const subscriptionPolicy = open ? unauthenticated : policies.at(x.subscriptionTier);
    const applicationPolicy = open ? noLimit : policies.at(x.applicationTier);
    if (!subscriptionPolicy || !applicationPolicy) return unheard;
    const resourceLimit = resourcePolicy.limit;
    const subscriptionLimit = subscriptionPolicy.limit;
    const applicationLimit = applicationPolicy.limit;
    if (resourceLimit === undefined || subscriptionLimit === undefined || applicationLimit === undefined) {
      return fault(faults.policyMissing);
    }

    const ofResource = resourceLimit !== null && counters.take(resourceKey, resourceLimit, x.now);
    if (!ofResource && resourceLimit !== null && resourcePolicy.stopOnQuota) {
      return throttled(counters, resourceFault, resourceKey, resourceLimit, x);
    }
    const resourceWindow = counters.window;

    let ofSubscription = false;
    let subscriptionKey = resourceKey;
    if (subscriptionLimit !== null) {
      subscriptionKey = open
        ? rateKey(fingerprinter, 'open', ordinal, x.wire.remoteAddress)
        : keyOfSubscription(fingerprinter, x, ordinal);
      ofSubscription = counters.take(subscriptionKey, subscriptionLimit, x.now);
      if (!ofSubscription && subscriptionPolicy.stopOnQuota) {
        if (ofResource) counters.giveBack(resourceKey, resourceWindow);
        return throttled(counters, faults.subscriptionThrottled, subscriptionKey, subscriptionLimit, x);
      }
    }
    const subscriptionWindow = counters.window;

    if (applicationLimit !== null) {
      const applicationKey = keyOfApplication(fingerprinter, x);
      if (!counters.take(applicationKey, applicationLimit, x.now) && applicationPolicy.stopOnQuota) {
        if (ofSubscription) counters.giveBack(subscriptionKey, subscriptionWindow);
        if (ofResource) counters.giveBack(resourceKey, resourceWindow);
        return throttled(counters, faults.applicationThrottled, applicationKey, applicationLimit, x);
      }
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

const noLimit: PolicyRef = { limit: null, stopOnQuota: true };

function throttled(counters: RateCounters, kind: FaultKind, key: RateKey, limit: Limit, x: Exchange): Fault {
  const seconds = Math.max(1, Math.ceil(counters.remaining(key, limit, x.now) / 1000));
  return fault(kind, `You have exceeded your quota. Try again in ${seconds} s.`, [['retry-after', String(seconds)]]);
}

/** Of the application at this API. Kept with the principal: hashing is for its first request only. */
function keyOfSubscription(fingerprinter: Fingerprinter, x: Exchange, api: number): RateKey {
  const rates = x.principal?.subscriptionRates;
  let key = rates?.get(api);
  if (!key) {
    key = rateKey(fingerprinter, 'subscription', x.application, api);
    rates?.set(api, key);
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
