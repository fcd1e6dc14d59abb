/** The sample API of a new data folder: orders of a pizza shop. */
import type { Api, Resource, Verb } from '../../core/api.ts';
import { unlimited } from '../../core/policy.ts';

const resource = (verb: Verb, path: string, scopes: readonly string[] = []): Resource => ({
  path,
  verb,
  authType: 'Any',
  scopes,
  tier: unlimited,
});

/** Where the control plane serves the sample's back end. */
export const backendPath = '/am/sample/pizzashack/v1/api';

/**
 * PizzaShack 1.0.0. The menu and ordering need a token; looking at an order needs the scope `read`, changing one the
 * scope `update`.
 * @param origin of the control plane, `https://localhost:9443`
 */
export function pizzashack(origin: string): Api {
  return {
    id: '01f0e3a4-5c1b-4c8e-9d6a-50a7c8e0b001',
    name: 'PizzaShackAPI',
    version: '1.0.0',
    provider: 'admin@carbon.super',
    context: '/pizzashack',
    isDefaultVersion: false,
    status: 'PUBLISHED',
    resources: [
      resource('GET', '/menu'),
      resource('POST', '/order'),
      resource('GET', '/order/{orderId}', ['read']),
      resource('PUT', '/order/{orderId}', ['update']),
      resource('DELETE', '/order/{orderId}', ['update']),
    ],
    endpoints: {
      production: { url: `${origin}${backendPath}` },
      sandbox: { url: `${origin}${backendPath}` },
    },
    cors: {
      allowOrigins: ['*'],
      allowHeaders: ['authorization', 'Access-Control-Allow-Origin', 'Content-Type', 'SOAPAction'],
      allowMethods: ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'],
      allowCredentials: false,
    },
    scopes: [
      { name: 'read', roles: ['admin', 'Internal/subscriber'] },
      { name: 'update', roles: ['admin', 'Internal/subscriber'] },
    ],
  };
}
