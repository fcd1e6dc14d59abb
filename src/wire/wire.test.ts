/** The wires of the product against the contract. */
import { contract } from './contract/index.ts';
import { netWire } from './net/index.ts';
import { nodeWire } from './node/index.ts';

contract('net', netWire);

contract(
  'node',
  nodeWire,
  [
    // undici takes a 100 that it has not asked for as an answer out of place, and ends the connection.
    'a 100 that nobody asked for does no harm',
    // undici counts none of them.
    'malformed when informational answers do not end',
    // The body is a stream that undici reads: its length is known when it is over.
    '413 to a chunked body that turns out to be over the limit; the upstream gets no whole request',
    // undici gives up a connection that it can't write to.
    '413 reaches a client that sends a body of known length when the upstream closes with bytes unread, which is a reset',
    '413 reaches a client that sends a body in chunks when the upstream closes with bytes unread, which is a reset',
    // It takes a client that sends no more for one that has left.
    '200 to a client that shuts its sending side behind its request',
    'a body that came whole goes on whole when its client shut its sending side before anybody wanted it',
    'an answer reaches a client that shut its sending side within a body that nobody wants',
    '200 to a client with TLS that shuts its sending side behind its request',
    'all of its pipelined requests are answered to a client that shuts its sending side',
    'an answer that takes its time reaches a client that shut its sending side and still reads',
  ],
  false,
);
