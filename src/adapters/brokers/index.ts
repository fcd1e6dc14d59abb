/** The kinds of source that a gateway can follow; each is loaded by who uses it. */
export const brokers = {
  hub: async () => (await import('./hub.ts')).openHubSource,
} as const;
