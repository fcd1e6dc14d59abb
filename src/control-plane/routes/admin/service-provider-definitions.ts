/** Service providers as the admin API defines them: ours, the original has no such operations here. */
import { toldClaims } from '../../../core/service-provider.ts';
import type { OperationDefinition, Schema } from '../../rest/definition.ts';
import { body, plain, ref, text } from './own-operations.ts';

const flag = { type: 'boolean' };
const texts = { type: 'array', items: text };
const path = '/service-providers';
const one = `${path}/{serviceProviderId}`;
const parameters = [{ name: 'serviceProviderId', in: 'path', required: true, schema: text }] as const;

const properties: Schema = {
  name: text,
  description: text,
  enabled: flag,
  entityId: text,
  consumerUrls: texts,
  landingOrigins: texts,
  certificates: texts,
  requireSignedRequests: flag,
  allowUnsolicited: flag,
  audiences: texts,
  recipients: texts,
  // Seconds.
  assertionValidity: { type: 'integer' },
  roleAttribute: text,
  // What it is told, and the attribute for each.
  claims: { type: 'object', properties: Object.fromEntries(toldClaims.map((claim) => [claim, text])) },
  qualifiedNames: flag,
};

export const serviceProviderDefinitions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [
    { ...plain, method: 'GET', path, responses: { 200: ref('ServiceProviderList') } },
    { ...plain, method: 'POST', path, body: body('ServiceProviderForm'), responses: { 201: ref('ServiceProvider') } },
    { ...plain, method: 'GET', path: one, parameters, responses: { 200: ref('ServiceProvider') } },
    {
      ...plain,
      method: 'PUT',
      path: one,
      parameters,
      body: body('ServiceProviderForm'),
      responses: { 200: ref('ServiceProvider') },
    },
    { ...plain, method: 'DELETE', path: one, parameters, responses: { 200: null } },
  ],
  schemas: {
    // As it was read it may be sent back.
    ServiceProviderForm: {
      type: 'object',
      required: ['name'],
      properties: { ...properties, id: text, metadata: text },
    },
    ServiceProvider: {
      type: 'object',
      required: ['id', ...Object.keys(properties)],
      properties: { ...properties, id: text },
    },
    ServiceProviderList: {
      type: 'object',
      required: ['count', 'list'],
      properties: { count: { type: 'integer' }, list: { type: 'array', items: ref('ServiceProvider') } },
    },
  },
};
