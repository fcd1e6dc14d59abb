/** Tables of administrators: policies as they were given, deny rules, key managers, work flows, the audit log. */
// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface AdminTables {}
