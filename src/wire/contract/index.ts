/**
 * The contract of the wire as a test suite: every implementation of the interface runs it. Bytes go in and come out
 * over raw sockets, because that is where implementations differ.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Wire } from '../wire.ts';
import { clientCertificates } from './client-certificates.ts';
import { closing } from './closing.ts';
import { earlyAnswers } from './early-answers.ts';
import { failing } from './failing.ts';
import { casesOf } from './fixture.ts';
import { forwarding } from './forwarding.ts';
import { halfClosing } from './half-closing.ts';
import { limiting } from './limiting.ts';
import { pipelining } from './pipelining.ts';
import { receiving } from './receiving.ts';
import { securing } from './securing.ts';
import { storm } from './storm.ts';
import { dropping, refusing, tunnelling } from './upgrading.ts';
import { writing } from './writing.ts';

/** What of it is about what happens between a client and an upstream. */
export function contractOfForwarding(name: string, wire: Wire, excused: readonly string[] = []): void {
  const unused = new Set(excused);
  const it = casesOf(name, wire, unused);
  forwarding(it);
  failing(it);
  securing(it);
  storm(it);
  test(`${name}: every excused case exists`, () => assert.deepEqual([...unused], []));
}

/**
 * Runs the suite. `excused` names the cases that an implementation is known not to fulfil; without `switches` it is one
 * that refuses upgrades.
 */
export function contract(name: string, wire: Wire, excused: readonly string[] = [], switches = true): void {
  const unused = new Set(excused);
  const it = casesOf(name, wire, unused);
  receiving(it);
  pipelining(it);
  forwarding(it);
  failing(it);
  earlyAnswers(it);
  closing(it);
  halfClosing(it);
  limiting(it);
  securing(it);
  clientCertificates(it);
  writing(it);
  dropping(it);
  if (switches) tunnelling(it);
  else refusing(it);
  storm(it);
  test(`${name}: every excused case exists`, () => assert.deepEqual([...unused], []));
}
