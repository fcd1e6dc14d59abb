import { announceNews } from '../tunnels/news.ts';
import type { EntitySink } from './entity-sink.ts';

/** The same sink; threads that wait for news hear of each call. */
export function announcing(sink: EntitySink, control: SharedArrayBuffer): EntitySink {
  const words = new Int32Array(control);
  const tell = (put: () => void): void => {
    try {
      put();
    } finally {
      announceNews(words);
    }
  };
  return {
    apply: (changes) => tell(() => sink.apply(changes)),
    replace: (entities) => tell(() => sink.replace(entities)),
  };
}
