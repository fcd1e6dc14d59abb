/** The scopes of the control plane's REST APIs, and the roles that may have each. */

const creator = 'Internal/creator';
const publisher = 'Internal/publisher';
const subscriber = 'Internal/subscriber';
const analytics = 'Internal/analytics';

/** Besides `admin`, which may have all of them. */
const others: Readonly<Record<string, readonly string[]>> = {
  'apim:api_view': [creator, publisher, analytics],
  'apim:api_create': [creator],
  'apim:api_delete': [creator],
  'apim:api_publish': [publisher],
  'apim:subscription_view': [creator, publisher],
  'apim:subscription_block': [creator, publisher],
  'apim:external_services_discover': [creator],
  'apim:threat_protection_policy_create': [creator],
  'apim:threat_protection_policy_manage': [creator],
  'apim:document_create': [creator, publisher],
  'apim:document_manage': [creator, publisher],
  'apim:mediation_policy_view': [creator],
  'apim:mediation_policy_create': [creator],
  'apim:mediation_policy_manage': [creator],
  'apim:client_certificates_view': [creator],
  'apim:client_certificates_add': [creator],
  'apim:client_certificates_update': [creator],
  'apim:ep_certificates_view': [creator],
  'apim:ep_certificates_add': [creator],
  'apim:ep_certificates_update': [creator],
  'apim:publisher_settings': [creator, publisher],
  'apim:pub_alert_manage': [publisher],
  'apim:shared_scope_manage': [creator],
  'apim:scope_manage': [creator],
  'apim:monetization_usage_publish': [publisher],
  'apim:tier_view': [creator, publisher],
  'apim:label_read': [creator, publisher],
  'apim:subscribe': [subscriber],
  'apim:api_key': [subscriber],
  'apim:app_manage': [subscriber],
  'apim:sub_manage': [subscriber],
  'apim:store_settings': [subscriber],
  'apim:sub_alert_manage': [subscriber],
  'apim:tier_manage': [],
  'apim:bl_view': [],
  'apim:bl_manage': [],
  'apim:label_manage': [],
  'apim:app_owner_change': [],
  'apim:app_import_export': [],
  'apim:api_import_export': [],
  'apim:api_product_import_export': [],
  'apim:api_workflow_view': [],
  'apim:api_workflow_approve': [],
  'apim:bot_data': [],
  'apim:tenant': [],
  'apim:tenantInfo': [],
  'apim:tenant_theme_manage': [],
  'apim:admin': [],
  'apim:admin_alert_manage': [],
  'apim:admin_operations': [],
  'apim:admin_settings': [],
};

export const restScopes: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(others).map(([scope, roles]) => [scope, ['admin', ...roles]]),
);
