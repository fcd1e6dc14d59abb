/** The sample API of a new data folder: orders of a pizza shop. */
import type { CatalogApi, CatalogOperation, EndpointConfig } from '../../core/catalog-api.ts';
import { unlimited } from '../../core/policy.ts';

const operation = (verb: string, target: string, scopes: readonly string[] = []): CatalogOperation => ({
  target,
  verb,
  authType: 'Any',
  throttlingPolicy: unlimited,
  scopes,
});

/** Where the control plane serves the sample's back end. */
export const backendPath = '/am/sample/pizzashack/v1/api';

/** @param origin of the control plane, `https://localhost:9443` */
export function pizzashackEndpoints(origin: string): EndpointConfig {
  const endpoint = { url: `${origin}${backendPath}` };
  return { endpoint_type: 'http', production_endpoints: endpoint, sandbox_endpoints: endpoint };
}

const roles = ['admin', 'Internal/subscriber'];

/**
 * PizzaShack 1.0.0. The menu and ordering need a token; looking at an order needs the scope `order:read`, changing one
 * the scope `order:update`.
 */
export function pizzashack(origin: string, now: number): CatalogApi {
  return {
    id: '01f0e3a4-5c1b-4c8e-9d6a-50a7c8e0b001',
    name: 'PizzaShackAPI',
    version: '1.0.0',
    provider: 'admin@carbon.super',
    context: '/pizzashack',
    isDefaultVersion: false,
    status: 'PUBLISHED',
    type: 'HTTP',
    description: 'Orders of a pizza shop: a sample with a back end that is built in.',
    tags: ['pizza'],
    policies: [unlimited, 'Gold', 'Silver', 'Bronze'],
    apiThrottlingPolicy: null,
    transports: ['http', 'https'],
    securityScheme: ['oauth2', 'oauth_basic_auth_api_key_mandatory'],
    authorizationHeader: null,
    visibility: 'PUBLIC',
    visibleRoles: [],
    accessControl: 'NONE',
    accessControlRoles: [],
    operations: [
      operation('GET', '/menu'),
      operation('POST', '/order'),
      operation('GET', '/order/{orderId}', ['order:read']),
      operation('PUT', '/order/{orderId}', ['order:update']),
      operation('DELETE', '/order/{orderId}', ['order:update']),
    ],
    scopes: [
      { name: 'order:read', displayName: 'Read', description: 'Look at orders', roles, shared: false },
      { name: 'order:update', displayName: 'Update', description: 'Change and cancel orders', roles, shared: false },
    ],
    cors: {
      corsConfigurationEnabled: true,
      accessControlAllowOrigins: ['*'],
      accessControlAllowHeaders: ['authorization', 'Access-Control-Allow-Origin', 'Content-Type', 'SOAPAction'],
      accessControlAllowMethods: ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'],
      accessControlAllowCredentials: false,
    },
    endpointConfig: pizzashackEndpoints(origin),
    endpointSecurity: null,
    categories: [],
    more: {},
    createdAt: now,
    updatedAt: now,
  };
}

/** Its OpenAPI definition, as far as callers need it. */
export function pizzashackDefinition(api: CatalogApi): string {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { target, verb, scopes } of api.operations) {
    const parameters = [...target.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
    paths[target] ??= {};
    (paths[target] as Record<string, unknown>)[verb.toLowerCase()] = {
      ...(parameters.length > 0 && { parameters }),
      ...((verb === 'POST' || verb === 'PUT') && {
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } } },
      }),
      responses: { '200': { description: 'OK' } },
      security: [{ default: scopes }],
    };
  }
  return JSON.stringify({
    openapi: '3.0.1',
    info: { title: api.name, version: api.version, description: api.description },
    paths,
    components: {
      schemas: {
        Order: {
          type: 'object',
          required: ['pizzaType'],
          properties: {
            pizzaType: { type: 'string' },
            quantity: { type: 'integer' },
            customerName: { type: 'string' },
            address: { type: 'string' },
            creditCardNumber: { type: 'string' },
          },
        },
      },
      securitySchemes: {
        default: {
          type: 'oauth2',
          flows: {
            implicit: {
              authorizationUrl: 'https://localhost:8243/authorize',
              scopes: Object.fromEntries(api.scopes.map(({ name, description }) => [name, description])),
            },
          },
        },
      },
    },
  });
}
