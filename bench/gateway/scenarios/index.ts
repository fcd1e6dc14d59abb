/** All scenarios, the most telling first. */
import { tokenServiceScenarios } from '../../key-manager/scenarios.ts';
import { bodyScenarios } from './bodies.ts';
import { connectionScenarios } from './connections.ts';
import { featureScenarios } from './features.ts';
import { footprintScenarios } from './footprint.ts';
import { growthScenarios } from './growth.ts';
import { latencyScenarios } from './latency.ts';
import type { Scenario } from './scenario.ts';
import { tokenScenarios } from './tokens.ts';

export const scenarios: readonly Scenario[] = [
  ...tokenScenarios,
  ...featureScenarios,
  ...growthScenarios,
  ...connectionScenarios,
  ...bodyScenarios,
  ...latencyScenarios,
  ...footprintScenarios,
  ...tokenServiceScenarios,
];
