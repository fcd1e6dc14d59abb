/** Tables of the developer portal: ratings, comments, API keys. */
// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface PortalTables {}
