/** The options about what back ends are told of who asks, and whom the gateway believes about it. */
import { AddressError } from '../../core/ip-address.ts';
import { choice, list, section, text } from '../../platform/config/schema.ts';
import { TrustedProxies } from './trusted-proxies.ts';

export const forwardedOptions = section(
  'What back ends are told about who asked, and which proxies before the gateway are believed about it.',
  {
    fields: choice(['x-forwarded', 'forwarded', 'both', 'off'], {
      default: 'x-forwarded',
      description:
        'Which fields say it: `X-Forwarded-For`, `-Proto` and `-Host`; `Forwarded` (RFC 7239); both; or none. Trusted proxies are believed in `Forwarded` if this is `forwarded`, otherwise in `X-Forwarded-For`: what they let through unchanged in the other may be anybody’s.',
    }),
    trustedProxies: list({
      default: [],
      description:
        'Proxies and load balancers right before the gateway: addresses (`10.0.0.7`), blocks (`10.0.0.0/8`) and ranges (`10.0.0.1-10.0.0.9`). What they say about who asked is believed and extended: it is the address that limits, deny rules, API keys and the access log go by. What others say is dropped.',
    }),
    reserved: list({
      default: [
        'forwarded',
        'x-forwarded-*',
        'x-real-ip',
        'x-client-ip',
        'true-client-ip',
        'x-wso2-client-certificate',
      ],
      description:
        'Fields that back ends would believe, which only trusted proxies may send; one that ends in `*` means all that begin so. From others they are dropped. `X-JWT-Assertion` and what carries client certificates are dropped from everybody.',
    }),
    via: text({
      default: '',
      description:
        'Name under which the gateway adds itself to `Via` (RFC 9110 7.6.3) in requests to back ends. Empty adds nothing, although the RFC asks for it: there are servers that compress no answers to requests that came by a proxy.',
    }),
  },
  ({ trustedProxies, reserved, via }) => {
    const problems = reserved.flatMap((name) =>
      /^[a-z\d!#$%&'+.^`|~-]+\*?$/.test(name) && !needed.has(name)
        ? []
        : `reserved: expected names of fields in lower case, with hyphens, got ${JSON.stringify(name)}`,
    );
    if (!/^[\w!#$%&'*+.^`|~-]*(?::\d{1,5})?$/.test(via))
      problems.push(`via: expected a name or host:port, got ${JSON.stringify(via)}`);
    try {
      new TrustedProxies(trustedProxies, 'x-forwarded-for');
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      problems.push(`trustedProxies: expected addresses, blocks and ranges, but ${error.message}`);
    }
    return problems;
  },
);

/** Without these no request would get anywhere. */
const needed = new Set(['host', 'content-length', 'transfer-encoding', 'connection']);
