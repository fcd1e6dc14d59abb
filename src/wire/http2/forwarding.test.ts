/** HTTP/2 against the contract of forwarding: both sides of it, between clients and back ends of HTTP/1.1. */
import { contractOfForwarding } from '../contract/index.ts';
import { throughHttp2 } from '../contract/through-http2.ts';
import { netWire } from '../net/index.ts';

contractOfForwarding('http2', throughHttp2(netWire), [
  // The server on the way answers for an upstream that fails, so that the first one has not failed.
  'after a failure without an answer the request can go to another upstream',
  // The server on the way, as every one on nghttp2, takes no value of more than 65,536 bytes.
  'a head that our own fields make long goes on whole',
  'a request with a body that could not be connected for can go to another upstream, whole',
]);
