/** The second implementation against the contract of the wire. */
import { contract } from '../../src/wire/contract/index.ts';
import { netWire } from './index.ts';

contract('net', netWire, []);
