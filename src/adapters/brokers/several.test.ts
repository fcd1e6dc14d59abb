import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { HubEvent } from '../../core/events.ts';
import { severalSources } from './several.ts';
import { type ChangeSource, type EventReceiver, SourceError } from './source.ts';

/** A source that does what the test says. */
class Scripted implements ChangeSource {
  readonly name: string;
  receiver: EventReceiver | null = null;
  /** How often it was followed, and from where the last time. */
  followed = 0;
  position = '';
  stopped = 0;
  hasSnapshot = true;
  /** Its snapshot has no end. */
  breaks = false;
  readonly #told: (name: string) => void;

  constructor(name: string, told: (name: string) => void) {
    this.name = name;
    this.#told = told;
  }

  follow(position: () => { epoch: string; number: number }, receiver: EventReceiver) {
    this.followed += 1;
    this.position = `${position().epoch}:${position().number}`;
    this.receiver = receiver;
    this.#told(this.name);
    return {
      restart: (reason: Error) => receiver.disconnected(reason),
      stop: () => {
        this.stopped += 1;
      },
    };
  }

  async snapshot() {
    if (!this.hasSnapshot) throw new SourceError(`${this.name} has none`);
    const header = { format: 1 as const, epoch: this.name, number: 1 };
    const { breaks } = this;
    async function* entities() {
      yield [];
      if (breaks) throw new SourceError('it broke off');
    }
    return { header, entities: entities() };
  }

  close() {}
}

function start(t: TestContext, names: readonly string[]) {
  const order: string[] = [];
  let wake = () => {};
  const sources = names.map(
    (name) =>
      new Scripted(name, (told) => {
        order.push(told);
        wake();
      }),
  );
  const source = severalSources(sources);
  const happened: string[] = [];
  let number = 0;
  const following = source.follow(() => ({ epoch: 'e', number }), {
    connected: () => happened.push('connected'),
    events: (events: readonly HubEvent[]) => {
      for (const event of events) {
        if (event.type === 'change') number = event.number;
        happened.push(event.type);
      }
    },
    disconnected: (reason) => happened.push(reason.message),
  });
  t.after(() => following.stop());
  const until = async (count: number) => {
    while (order.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { source, sources: sources as [Scripted, Scripted], following, order, happened, until };
}

const change = (number: number): HubEvent => ({ type: 'change', number, kind: 'key', id: 'k', value: null });

test('a source that fails is left for the next one, from the position as it is then', async (t) => {
  const { source, sources, order, happened, until } = start(t, ['a', 'b']);
  const [a, b] = sources;
  assert.equal(source.name, 'a');
  a.receiver?.connected();
  a.receiver?.events([change(1), change(2)]);
  a.receiver?.disconnected(new Error('broken'));
  await until(2);
  assert.deepEqual(order, ['a', 'b']);
  assert.equal(b.position, 'e:2');
  assert.equal(a.stopped, 1, 'the first one is followed no more');
  assert.equal(source.name, 'b');
  assert.deepEqual(happened, ['connected', 'change', 'change', 'broken']);
});

test('when all fail they are tried in turn, for ever; one that is good is stayed with', async (t) => {
  const { sources, order, until } = start(t, ['a', 'b', 'c']);
  for (let at = 0; at < 5; at++) {
    await until(at + 1);
    sources[at % 3]?.receiver?.disconnected(new Error('dead'));
  }
  await until(6);
  assert.deepEqual(order, ['a', 'b', 'c', 'a', 'b', 'c']);
});

test('what lost something is left, too; a late word of one that was left counts for nothing', async (t) => {
  const { sources, following, order, until } = start(t, ['a', 'b']);
  const [a] = sources;
  following.restart(new Error('a gap'));
  await until(2);
  a.receiver?.disconnected(new Error('late'));
  assert.deepEqual(order, ['a', 'b']);
});

test('after stop nobody is followed', async (t) => {
  const { sources, following, order } = start(t, ['a', 'b']);
  sources[0].receiver?.disconnected(new Error('broken'));
  following.stop();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  assert.deepEqual(order, ['a']);
});

test('a snapshot is had from the first that has one; none = the reason of the last', async (t) => {
  const { source, sources } = start(t, ['a', 'b']);
  sources[0].hasSnapshot = false;
  assert.equal((await source.snapshot()).header.epoch, 'b');
  assert.equal((await source.snapshot()).header.epoch, 'b', 'it is asked first from now on');
  sources[1].hasSnapshot = false;
  await assert.rejects(source.snapshot(), /b has none|a has none/);
});

test('a source whose snapshot breaks off is not the first to be asked for the next one', async (t) => {
  const { source, sources } = start(t, ['a', 'b']);
  (sources[0] as Scripted).breaks = true;
  const first = await source.snapshot();
  await assert.rejects(async () => {
    for await (const _ of first.entities);
  }, /broke off/);
  assert.equal((await source.snapshot()).header.epoch, 'b');
});

test('one source is itself', () => {
  const one = new Scripted('a', () => {});
  assert.equal(severalSources([one]), one);
});
