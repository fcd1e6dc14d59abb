/** Tables of what belongs to APIs besides themselves: documents, pictures, history, certificates, shared scopes. */
// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface CatalogTables {}
