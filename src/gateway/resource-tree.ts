/** Path templates (`/order/{orderId}`, `/files/*`) as a tree of segments. */
import { parameter, routingSegments } from '../core/path-template.ts';

interface Node<T> {
  literal: Map<string, Node<T>>;
  parameter: Node<T> | null;
  /** What a trailing `/*` leads to. */
  rest: T | null;
  value: T | null;
}

const node = <T>(): Node<T> => ({ literal: new Map(), parameter: null, rest: null, value: null });

/**
 * Finds the most specific template for a path, segment by segment: a literal before a parameter before `*`. `/*` also
 * matches the path above it, as `/files/*` does `/files`.
 */
export class ResourceTree<T> {
  readonly #root = node<T>();

  /** The value at a template; made by `create` if there is none yet. */
  at(template: string, create: () => T): T {
    let at = this.#root;
    for (const segment of routingSegments(template)) {
      if (segment === '*') {
        at.rest ??= create();
        return at.rest;
      }
      at = segment === parameter ? (at.parameter ??= node()) : child(at, segment);
    }
    at.value ??= create();
    return at.value;
  }

  /** The value for `path` from index `from` on, which is its end or a `/`; null if no template fits. */
  find(path: string, from: number): T | null {
    return search(this.#root, path, from);
  }
}

function search<T>(at: Node<T>, path: string, from: number): T | null {
  if (from >= path.length || (from === path.length - 1 && path.charCodeAt(from) === 47)) return at.value ?? at.rest;
  const next = path.indexOf('/', from + 1);
  const end = next === -1 ? path.length : next;
  const literal = at.literal.get(path.slice(from + 1, end));
  const found = literal ? search(literal, path, end) : null;
  if (found !== null) return found;
  if (at.parameter && end > from + 1) {
    const byParameter = search(at.parameter, path, end);
    if (byParameter !== null) return byParameter;
  }
  return at.rest;
}

function child<T>(at: Node<T>, segment: string): Node<T> {
  let next = at.literal.get(segment);
  if (!next) at.literal.set(segment, (next = node()));
  return next;
}
