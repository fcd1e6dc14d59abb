/** Invitations of gateways, their certificates and their expulsion, as the admin API defines them: ours, the original has no such operations. */
import type { OperationDefinition, Schema } from '../../rest/definition.ts';
import { body, plain, ref, text } from './own-operations.ts';

export const enrolmentDefinitions: {
  readonly operations: readonly OperationDefinition[];
  readonly schemas: Readonly<Record<string, Schema>>;
} = {
  operations: [
    {
      ...plain,
      method: 'POST',
      path: '/gateways/invitations',
      body: body('GatewayInvitationRequest'),
      responses: { 201: ref('GatewayInvitation') },
    },
    {
      ...plain,
      method: 'GET',
      path: '/gateways/certificates',
      responses: { 200: ref('GatewayCertificateList') },
    },
    {
      ...plain,
      method: 'POST',
      path: '/gateways/expulsions',
      body: body('GatewayExpulsionRequest'),
      responses: { 201: ref('GatewayExpulsion') },
    },
  ],
  schemas: {
    GatewayInvitationRequest: {
      type: 'object',
      properties: {
        name: text,
        // Seconds: a week at most.
        validity: { type: 'integer', minimum: 60, maximum: 604_800, default: 900 },
      },
    },
    GatewayInvitation: {
      type: 'object',
      required: ['code', 'expires'],
      properties: { code: text, name: text, expires: text },
    },
    GatewayCertificate: {
      type: 'object',
      required: ['name', 'serial', 'fingerprint', 'issued', 'expires', 'state'],
      properties: {
        name: text,
        serial: text,
        fingerprint: text,
        issued: text,
        expires: text,
        state: { type: 'string', enum: ['ENROLLED', 'EXPELLED', 'EXPIRED'] },
      },
    },
    GatewayCertificateList: {
      type: 'object',
      required: ['count', 'list', 'expulsions'],
      properties: {
        count: { type: 'integer' },
        list: { type: 'array', items: ref('GatewayCertificate') },
        expulsions: { type: 'array', items: ref('GatewayExpulsion') },
      },
    },
    GatewayExpulsionRequest: { type: 'object', required: ['gateway'], properties: { gateway: text } },
    GatewayExpulsion: {
      type: 'object',
      required: ['gateway', 'issuedBefore'],
      properties: { gateway: text, issuedBefore: text },
    },
  },
};
