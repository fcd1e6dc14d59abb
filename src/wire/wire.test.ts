/** The wires of the product against the contract. */
import { contract } from './contract/index.ts';
import { netWire } from './net/index.ts';
import { nodeWire } from './node/index.ts';

contract('net', netWire);

contract('node', nodeWire, [
  // undici takes a 100 that it has not asked for as an answer out of place, and ends the connection.
  'a 100 that nobody asked for does no harm',
]);
