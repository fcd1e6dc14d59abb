/**
 * Regular expressions whose matching takes time linear in the text, whatever somebody sends: they are followed through
 * all their alternatives at once (Thompson's construction) and never go back, as JavaScript's own do.
 *
 * Literals, `.`, classes `[a-z]`, `\d \w \s` and their opposites, `^`, `$`, groups, `|`, `*`, `+`, `?` and `{n,m}` mean what
 * they mean in JavaScript. Look-around, references back and Unicode properties are not known.
 */

import { mostSteps, type Node, PatternError, parseSyntax, type Test } from './pattern-syntax.ts';

export { PatternError };

export interface Pattern {
  /** Whether it is found anywhere in the text. */
  isFoundIn(text: string): boolean;
}

/** @throws PatternError */
export function parsePattern(source: string): Pattern {
  if (/^[^\\^$.*+?()[\]{}|]*$/.test(source)) return { isFoundIn: (text) => text.includes(source) };
  const node = parseSyntax(source);
  const steps: Step[] = [];
  const first = emit(node, steps, add(steps, { type: 'match' }));
  return { isFoundIn: (text) => find(steps, first, text) };
}

/** One state of the machine. `next` are numbers of states. */
type Step =
  | { readonly type: 'match' }
  | { readonly type: 'one'; readonly test: Test; readonly next: number }
  | { readonly type: 'start' | 'end'; readonly next: number }
  | { readonly type: 'fork'; next: number; other: number };

function add(steps: Step[], step: Step): number {
  if (steps.length >= mostSteps) throw tooLarge();
  return steps.push(step) - 1;
}

const tooLarge = (): PatternError => new PatternError(`it is too large: over ${mostSteps} steps with its repetitions`);

/** Whether nodes of this kind have states of their own, so that their number is limited. */
function hasSteps(node: Node): boolean {
  if (node.type === 'all') return node.of.some(hasSteps);
  return node.type !== 'repeat' || node.most === Number.POSITIVE_INFINITY || (node.most > 0 && hasSteps(node.of));
}

/** Adds the states of a node that leads to `next`; returns the first of them. */
function emit(node: Node, steps: Step[], next: number): number {
  switch (node.type) {
    case 'one':
      return add(steps, { ...node, next });
    case 'start':
    case 'end':
      return add(steps, { type: node.type, next });
    case 'all':
      return node.of.reduceRight((after, one) => emit(one, steps, after), next);
    case 'any':
      return node.of
        .map((one) => emit(one, steps, next))
        .reduceRight((other, first) => add(steps, { type: 'fork', next: first, other }));
    case 'repeat': {
      const { of, least, most } = node;
      // Nothing, however often, is nothing.
      if (!hasSteps(of)) return next;
      let first = next;
      if (most === Number.POSITIVE_INFINITY) {
        const fork = { type: 'fork' as const, next: 0, other: next };
        first = add(steps, fork);
        fork.next = emit(of, steps, first);
      } else {
        for (let i = least; i < most; i++)
          first = add(steps, { type: 'fork', next: emit(of, steps, first), other: next });
      }
      for (let i = 0; i < least; i++) first = emit(of, steps, first);
      return first;
    }
  }
}

function find(steps: readonly Step[], first: number, text: string): boolean {
  /** In which round (place in the text) a state was reached last. */
  const reached = new Int32Array(steps.length).fill(-1);
  let here: number[] = [];
  const reach = (from: number, place: number, into: number[]): boolean => {
    const waiting = [from];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (reached[at] === place) continue;
      reached[at] = place;
      const step = steps[at] as Step;
      if (step.type === 'match') return true;
      if (step.type === 'one') into.push(at);
      else if (step.type === 'fork') waiting.push(step.other, step.next);
      else if (step.type === 'start' ? place === 0 : place === text.length) waiting.push(step.next);
    }
    return false;
  };
  for (let place = 0; place <= text.length; place++) {
    // It may begin anywhere.
    if (reach(first, place, here)) return true;
    const next: number[] = [];
    const code = text.charCodeAt(place);
    for (const at of here) {
      const step = steps[at] as Step & { type: 'one' };
      if (place < text.length && step.test(code) && reach(step.next, place + 1, next)) return true;
    }
    here = next;
  }
  return false;
}
