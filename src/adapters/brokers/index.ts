/** The kinds of source that a gateway can follow. */
import { openHubSource } from './hub.ts';

export const brokers = { hub: openHubSource } as const;
