/** Identity providers as the admin API defines them: ours, the original has no such operations here. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';
import { body, plain, ref, text } from './own-operations.ts';

const flag = { type: 'boolean' };
const path = '/identity-providers';
const one = `${path}/{identityProviderId}`;
const parameters = [{ name: 'identityProviderId', in: 'path', required: true, schema: text }] as const;

const properties: Schema = {
  name: text,
  description: text,
  enabled: flag,
  protocol: { type: 'string', enum: ['saml2', 'oidc'] },
  logIn: flag,
  entityId: text,
  certificates: { type: 'array', items: text },
  alias: text,
  ssoUrl: text,
  serviceProviderEntityId: text,
  roleAttribute: text,
  // Its names of roles, and ours for each.
  roles: { type: 'object', additionalProperties: { type: 'array', items: text } },
  claims: { type: 'object', additionalProperties: text },
  // Left out: only of SAML 2.0, without `logIn`.
  localAccounts: flag,
  allowSha1: flag,
};

const oidc = {
  clientId: text,
  scopes: { type: 'array', items: text },
  nameClaim: text,
  userInfo: flag,
};

const saml2 = {
  nameIdFormat: text,
  nameAttribute: text,
  signRequests: flag,
};

// Only shown: what it is to be told of us, too.
const shownOfOidc = { hasClientSecret: flag, redirectUri: text };
const shownOfSaml2 = { metadataUrl: text };

export const identityProviderDefinitions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [
    { ...plain, method: 'GET', path, responses: { 200: ref('IdentityProviderList') } },
    {
      ...plain,
      method: 'POST',
      path,
      body: body('IdentityProviderForm'),
      responses: { 201: ref('IdentityProvider') },
    },
    { ...plain, method: 'GET', path: one, parameters, responses: { 200: ref('IdentityProvider') } },
    {
      ...plain,
      method: 'PUT',
      path: one,
      parameters,
      body: body('IdentityProviderForm'),
      responses: { 200: ref('IdentityProvider') },
    },
    { ...plain, method: 'DELETE', path: one, parameters, responses: { 200: null } },
    // Whether users could log in with it: it is asked what it publishes of itself.
    { ...plain, method: 'POST', path: `${one}/check`, parameters, responses: { 200: ref('IdentityProviderCheck') } },
  ],
  schemas: {
    // As it was read it may be sent back.
    IdentityProviderForm: {
      type: 'object',
      required: ['name'],
      properties: {
        ...properties,
        id: text,
        metadata: text,
        // The secret is taken and never shown; what is left out stays as it is.
        oidc: { type: 'object', properties: { ...oidc, ...shownOfOidc, clientSecret: text } },
        saml2: { type: 'object', properties: { ...saml2, ...shownOfSaml2 } },
      },
    },
    IdentityProvider: {
      type: 'object',
      required: ['id', ...Object.keys(properties)],
      properties: {
        ...properties,
        id: text,
        oidc: { type: 'object', required: Object.keys(oidc), properties: { ...oidc, ...shownOfOidc } },
        saml2: { type: 'object', required: Object.keys(saml2), properties: { ...saml2, ...shownOfSaml2 } },
      },
    },
    // Without a problem none was found.
    IdentityProviderCheck: { type: 'object', properties: { problem: text } },
    IdentityProviderList: {
      type: 'object',
      required: ['count', 'list'],
      properties: { count: { type: 'integer' }, list: { type: 'array', items: ref('IdentityProvider') } },
    },
  },
};
