/** The options about connections that switch to another protocol. */
import { integer, list, section } from '../../platform/config/schema.ts';

export const tunnelOptions = section(
  'Connections that switch to another protocol, WebSocket above all.',
  {
    protocols: list({
      default: ['websocket'],
      description:
        'What a request may switch to (its field `Upgrade`), if the back end agrees. From a request for anything else the field is dropped, so that it is an ordinary one. Needs `gateway.wire` to be `net`; with `node` such requests get 501.',
    }),
    idleTimeout: integer({
      default: 300_000,
      minimum: 100,
      maximum: 86_400_000,
      description:
        'Milliseconds without a byte either way after which both connections are cut. Once one side has closed, or does not take what is sent to it, `gateway.bodyTimeout` if that is less.',
    }),
  },
  ({ protocols }) => protocols.flatMap((protocol) => problemOf(protocol) ?? []),
);

/** HTTP/2 and TLS begin where the gateway no longer reads: the requests in them would pass by it. */
function problemOf(protocol: string): string | undefined {
  if (!/^[a-z\d!#$%&'*+.^_`|~-]+(?:\/[a-z\d!#$%&'*+.^_`|~-]+)?$/.test(protocol))
    return `protocols: expected names in lower case like "websocket", got ${JSON.stringify(protocol)}`;
  if (!/^(?:h2c?|http|tls)(?:\/|$)/.test(protocol)) return undefined;
  return `protocols: expected none in which requests would pass by the gateway unseen, got ${JSON.stringify(protocol)}`;
}
