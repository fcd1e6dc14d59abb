/** Tables of administrators: policies as they were given, deny rules, key managers, work flows, the audit log. */
import type { Generated } from 'kysely';

export interface AdminTables {
  audit_log: {
    number: Generated<number>;
    at_ms: number;
    actor: string;
    action: string;
    kind: string;
    entity_id: string;
    name: string;
    /** JSON; null = nothing to tell. */
    before: string | null;
    after: string | null;
  };
}
