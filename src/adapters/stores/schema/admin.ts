/** Tables of administrators: deny rules, labels, categories, key managers, the audit log. */
import type { Generated } from 'kysely';
import type { DenyType } from '../../../core/deny-rule.ts';

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
  deny_rules: {
    id: string;
    tenant: string;
    type: DenyType;
    /** As in `DenyRule`. */
    value: string;
    invert: 0 | 1;
    /** 0: gateways don't know of it. */
    enabled: 0 | 1;
    created_at: number;
  };
  labels: {
    id: string;
    tenant: string;
    name: string;
    description: string;
    /** JSON array of URLs. */
    access_urls: string;
  };
  categories: { id: string; tenant: string; name: string; description: string };
  key_managers: {
    id: string;
    tenant: string;
    name: string;
    /** Exact `iss` of its tokens; null = it issues none that gateways verify. */
    issuer: string | null;
    enabled: 0 | 1;
    /** What an administrator said of it, as JSON, without secrets. */
    body: string;
    /** JSON object of names and sealed values. */
    secrets: string;
  };
}
