/** The options of a gateway: section [gateway], and how it reaches the control plane and the key manager. */

import { boolean, type Config, integer, port, section, text } from '../platform/config/schema.ts';

const capacity = (description: string) => integer({ default: 10_000, minimum: 0, description });
const ttl = (seconds: number, description: string) => integer({ default: seconds, minimum: 0, description });
/** Up to a day: far beyond it, timers overflow. */
const milliseconds = (ms: number, description: string) =>
  integer({ default: ms, minimum: 0, maximum: 86_400_000, description });

const gateway = section('The gateway: its listeners, threads and limits.', {
  host: text({
    default: '127.0.0.1',
    description: 'Address to listen on. `0.0.0.0` is every IPv4 address, `::` every address.',
  }),
  httpPort: port({ default: 8280, description: 'Port for HTTP. 0 takes a free one.' }),
  httpsPort: port({ default: 8243, description: 'Port for HTTPS. 0 takes a free one.' }),
  adminPort: port({
    default: 9444,
    description: 'Port of `/metrics`, `/status`, `/health` and `/ready`, always on 127.0.0.1. 0 takes a free one.',
  }),
  threads: integer({
    default: 0,
    minimum: 0,
    maximum: 256,
    description: 'Threads that carry traffic. 0 is one per processor.',
  }),
  maxHeadSize: integer({
    default: 16_384,
    minimum: 1024,
    maximum: 1_048_576,
    description: 'Size of a request head at most, in bytes. A larger one is refused with 431.',
  }),
  maxTargetLength: integer({
    default: 8192,
    minimum: 256,
    maximum: 1_048_576,
    description: 'Length of a request target (path and query) at most, in bytes. A longer one is refused with 414.',
  }),
  headTimeout: milliseconds(10_000, 'Milliseconds within which a request head must arrive, or it is refused with 408.'),
  bodyTimeout: milliseconds(
    30_000,
    'Milliseconds for which a client may stall in sending its body or in reading its answer. It is cut then.',
  ),
  keepAliveTimeout: milliseconds(60_000, 'Milliseconds after which an idle client connection is closed.'),
  drainTimeout: milliseconds(
    10_000,
    'Milliseconds that requests in flight are given when the gateway is stopped. What is left then is cut.',
  ),
  startupWait: milliseconds(
    5000,
    'Milliseconds that a gateway with a disk copy waits for a source of newer data before it serves from the copy.',
  ),
  accessLog: text({
    default: '',
    description: 'File of the access log. Empty is `logs/access.log` in the data folder, `off` is none.',
  }),
  backend: section('Connections to back ends.', {
    connectTimeout: milliseconds(5000, 'Milliseconds to establish a connection, its TLS included.'),
    timeout: milliseconds(60_000, 'Milliseconds from the end of a request until the head of its answer must be there.'),
    maxConnections: integer({
      default: 1024,
      minimum: 0,
      description: 'Connections to one back end at most, for each thread; requests beyond wait. 0 is no limit.',
    }),
    idleTimeout: milliseconds(30_000, 'Milliseconds after which an unused connection is closed.'),
  }),
  revocation: section('The set of revoked tokens, in memory that all threads share.', {
    capacity: integer({
      default: 1_000_000,
      minimum: 1000,
      maximum: 100_000_000,
      description: 'Entries that the set has room for. Memory is reserved for all, and used by those that exist.',
    }),
  }),
  subscriptions: section('Consumer keys and subscriptions, in memory that all threads share.', {
    capacity: integer({
      default: 1_000_000,
      minimum: 1000,
      maximum: 30_000_000,
      description: 'Consumer keys, and subscriptions, that there is room for.',
    }),
  }),
  rateCounters: section('The counters of rate limits, in memory that all threads share.', {
    capacity: integer({
      default: 262_144,
      minimum: 1024,
      maximum: 100_000_000,
      description: 'Counters (one per limit and key) that there is room for.',
    }),
  }),
  cache: section('Decisions that are kept. An entry never outlives the token that it is about.', {
    token: section('Answers of a key manager about opaque tokens that are valid.', {
      capacity: capacity('Entries at most, for each thread. 0 keeps none.'),
      ttl: ttl(900, 'Seconds that an entry is used.'),
    }),
    jwt: section('JWTs whose signature was verified.', {
      capacity: capacity('Entries at most, for each thread. 0 keeps none.'),
      ttl: ttl(900, 'Seconds that an entry is used.'),
    }),
    invalidToken: section('Tokens that were refused.', {
      capacity: capacity('Entries at most, for each thread. 0 keeps none.'),
      ttl: ttl(60, 'Seconds that an entry is used.'),
    }),
  }),
});

const controlPlane = section('The control plane.', {
  url: text({
    default: 'https://localhost:9443',
    description: 'Where a gateway gets its APIs, subscriptions and revocations. Empty is nowhere.',
  }),
});

const keyManager = section('How a gateway reaches its key manager.', {
  serverUrl: text({ default: 'https://localhost:9443', description: 'Address of the key manager.' }),
  tokenContext: text({ default: 'oauth2', description: 'First part of the path of its endpoints.' }),
  security: section('', {
    basic: section('Credentials with which a gateway asks the key manager about opaque tokens.', {
      enabled: boolean({ default: false, description: 'Whether to send them, as HTTP Basic.' }),
      username: text({ default: '', description: 'User name.' }),
      password: text({ default: '', secret: true, description: 'Password.' }),
    }),
  }),
});

export const gatewayOptions = section('', { gateway, controlPlane, keyManager });

export type GatewayOptions = Config<typeof gatewayOptions>;
