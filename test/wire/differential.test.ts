/**
 * The same bytes to our parser and to Node's own. Where they differ ours is the stricter, and docs/http.md says where.
 *
 * MUTATIONS=100000 tries more mutants, MUTATION_SEED=7 others; the default is for every day.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compare } from './compare.ts';
import { answers, requestsTo } from './corpus.ts';
import { answerDifferences, type Difference, isOpenMethod, openMethods, requestDifferences } from './differences.ts';
import { cutsOf, mutate, randomFrom, sourcesOf } from './mutate.ts';
import { readAnswer, readRequests } from './read-ours.ts';
import { readAnswerWithNode, readRequestsWithNode } from './read-with-node.ts';
import { pieces, type Reading } from './reading.ts';

const count = Number(process.env.MUTATIONS ?? 10_000);
const seed = Number(process.env.MUTATION_SEED ?? 1);

interface Kind {
  readonly name: string;
  readonly corpus: Record<string, string>;
  readonly read: (parts: readonly Buffer[]) => Reading;
  readonly readWithNode: (parts: readonly Buffer[]) => Reading;
  readonly differences: readonly Difference[];
  /** Of the mutants. */
  readonly share: number;
}

const kinds: readonly Kind[] = [
  {
    name: 'requests',
    corpus: requestsTo(),
    read: readRequests,
    readWithNode: readRequestsWithNode,
    differences: requestDifferences,
    share: 0.8,
  },
  {
    name: 'answers',
    corpus: answers,
    read: readAnswer,
    readWithNode: readAnswerWithNode,
    differences: answerDifferences,
    share: 0.2,
  },
];

const seen = new Set<string>();

/** Fails unless both understand the same, or ours is the stricter in a way that is known. */
function check({ readWithNode, differences }: Kind, parts: readonly Buffer[], ours: Reading): void {
  const nodes = readWithNode(parts);
  const result = compare(ours, nodes);
  if (result.is === 'same') return;
  const bytes = Buffer.concat(parts).toString('latin1');
  const shown = () => `${JSON.stringify(bytes)}\nours: ${JSON.stringify(ours)}\nNode's: ${JSON.stringify(nodes)}`;
  if (result.is === 'looser') {
    if (!isOpenMethod(result.message, nodes.reason)) assert.fail(`for Node, our message ${result.why}: ${shown()}`);
    seen.add(openMethods);
    return;
  }
  const rest = bytes.slice(ours.refusedAt);
  const known = differences.filter((row) => row.in === (ours.refusal ?? 'rest') && row.holds(rest, result.message));
  if (known.length === 0) assert.fail(`a difference that is not in the list: ${shown()}`);
  for (const { name } of known) seen.add(name);
}

for (const kind of kinds) {
  test(`${kind.name} by hand, cut anywhere, are read the same, and by Node too or less strictly`, () => {
    for (const [what, text] of Object.entries(kind.corpus)) {
      const bytes = Buffer.from(text, 'latin1');
      const whole = kind.read([bytes]);
      check(kind, [bytes], whole);
      for (let cut = 0; cut <= bytes.length; cut++)
        assert.deepEqual(kind.read(pieces(bytes, [cut])), whole, `${what}, cut at ${cut}`);
      const single = Array.from(bytes, (_, at) => at);
      assert.deepEqual(kind.read(pieces(bytes, single)), whole, `${what}, byte by byte`);
    }
  });

  test(`mutated ${kind.name} with three cuts are read the same, and by Node too or less strictly`, () => {
    const random = randomFrom(seed);
    const isGood = (text: string) => !kind.read([Buffer.from(text, 'latin1')]).refusal;
    const sources = sourcesOf(Object.values(kind.corpus), isGood);
    let taken = 0;
    const total = Math.ceil(count * kind.share);
    for (let i = 0; i < total; i++) {
      const bytes = Buffer.from(mutate(sources, random), 'latin1');
      const parts = pieces(bytes, cutsOf(bytes.length, 3, random));
      const ours = kind.read(parts);
      assert.deepEqual(kind.read([bytes]), ours, `depends on the cuts: ${JSON.stringify(parts.map(String))}`);
      check(kind, parts, ours);
      if (ours.messages.length > 0) taken++;
    }
    // Or they would say nothing about what is taken.
    assert.ok(taken > total / 5, `of ${total} mutants only ${taken} had a message`);
  });
}

test('each known difference was met, and docs/http.md lists it', () => {
  const names = [...requestDifferences, ...answerDifferences].map(({ name }) => name);
  const all = new Set([...names, openMethods]);
  assert.deepEqual(
    [...all].filter((name) => !seen.has(name)),
    [],
  );
  const plain = (text: string) => text.replace(/[`\\]/g, '').replace(/\s+/g, ' ');
  const document = plain(readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8'));
  for (const name of all) assert.ok(document.includes(plain(name)), name);
});
