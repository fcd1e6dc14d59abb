/** The life cycle of an API: which state an action leads to. */
import type { LifeCycleStatus } from './api.ts';

/** As the publisher API writes them. */
export type LifeCycleAction =
  | 'Publish'
  | 'Deploy as a Prototype'
  | 'Demote to Created'
  | 'Demote to Prototyped'
  | 'Block'
  | 'Deprecate'
  | 'Re-Publish'
  | 'Retire';

/** By state and action; what is missing can't be done. */
export const transitions: Readonly<Record<LifeCycleStatus, Partial<Record<LifeCycleAction, LifeCycleStatus>>>> = {
  CREATED: { Publish: 'PUBLISHED', 'Deploy as a Prototype': 'PROTOTYPED' },
  PROTOTYPED: { Publish: 'PUBLISHED', 'Demote to Created': 'CREATED', 'Deploy as a Prototype': 'PROTOTYPED' },
  PUBLISHED: {
    Block: 'BLOCKED',
    'Deploy as a Prototype': 'PROTOTYPED',
    'Demote to Created': 'CREATED',
    Deprecate: 'DEPRECATED',
    Publish: 'PUBLISHED',
  },
  BLOCKED: { 'Re-Publish': 'PUBLISHED', Deprecate: 'DEPRECATED' },
  DEPRECATED: { Retire: 'RETIRED' },
  RETIRED: {},
};

/** Every action that some state allows. */
export const lifeCycleActions = [...new Set(Object.values(transitions).flatMap(Object.keys))] as LifeCycleAction[];

/** Whether gateways answer for an API in this state, be it to say that it is blocked. */
export function isServed(status: LifeCycleStatus): boolean {
  return status !== 'CREATED' && status !== 'RETIRED';
}
