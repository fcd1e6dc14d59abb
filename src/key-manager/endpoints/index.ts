/** Every endpoint of the key manager: path, methods, the form of its body, and what it does step by step. */
import { ownMetadataPath } from '../../core/identity-provider.ts';
import type { Refuse, Step } from '../call.ts';
import { consumerPath } from '../federation/saml2/service-provider.ts';
import { account } from './account.ts';
import { authorize, refuseAuthorization } from './authorize.ts';
import { consent } from './consent.ts';
import { device, deviceConsent } from './device.ts';
import { deviceAuthorization } from './device-authorization.ts';
import { introspect } from './introspect.ts';
import { jwks } from './jwks.ts';
import { logIn, refuseForApplication, refuseOnPage } from './log-in.ts';
import { backFrom, logInAt } from './log-in-at.ts';
import { logInAtMetadata } from './log-in-at-metadata.ts';
import { confirmLogOut, logOut } from './log-out.ts';
import { manageClient } from './manage-client.ts';
import { metadata } from './metadata.ts';
import { newPassword } from './new-password.ts';
import { par } from './par.ts';
import { register } from './register.ts';
import { registerClient } from './register-client.ts';
import { revoke } from './revoke.ts';
import { root } from './root.ts';
import { samlMetadata } from './saml-metadata.ts';
import { continueSamlSignOn, samlSignOn } from './saml-sign-on.ts';
import { signUp } from './sign-up.ts';
import { token } from './token.ts';
import { userinfo } from './userinfo.ts';

export interface Endpoint {
  readonly path: string;
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[];
  /** Where its parameters are; a JSON body is read by the step that knows its form. `query`: of a POST in its body. */
  readonly body: 'form' | 'query' | 'json' | 'none';
  readonly steps: readonly Step[];
  /** Default: JSON (RFC 6749 section 5.2). */
  readonly refuse?: Refuse;
  /** Pages of other origins may call it (`tokens.browserOrigins`): it looks at no cookie. */
  readonly crossOrigin?: true;
}

const get = (path: string, steps: readonly Step[]): Endpoint => ({ path, methods: ['GET'], body: 'none', steps });
const fromPages = (endpoint: Endpoint): Endpoint => ({ ...endpoint, crossOrigin: true });
const post = (path: string, steps: readonly Step[], body: 'form' | 'json' = 'form'): Endpoint => ({
  path,
  methods: ['POST'],
  body,
  steps,
});

export const endpoints: readonly Endpoint[] = [
  get('/', root),
  fromPages(post('/oauth2/token', token)),
  fromPages(post('/oauth2/revoke', revoke)),
  post('/oauth2/introspect', introspect),
  fromPages(get('/oauth2/jwks', jwks)),
  fromPages(get('/oauth2/token/.well-known/openid-configuration', metadata)),
  // Where clients of WSO2 API Manager look.
  get('/oauth2/oidcdiscovery/.well-known/openid-configuration', metadata),
  fromPages(get('/.well-known/oauth-authorization-server', metadata)),
  // RFC 8414 section 3.1: the place for the issuer https://host:9443/oauth2/token.
  fromPages(get('/.well-known/oauth-authorization-server/oauth2/token', metadata)),
  post('/client-registration/v0.:minor(^\\d{1,3}$)/register', registerClient, 'json'),
  fromPages(post('/oauth2/par', par)),
  post('/oauth2/register', register, 'json'),
  { path: '/oauth2/register/:id', methods: ['GET', 'PUT', 'DELETE'], body: 'json', steps: manageClient },
  { path: '/oauth2/authorize', methods: ['GET', 'POST'], body: 'query', steps: authorize, refuse: refuseAuthorization },
  { path: '/oauth2/log-in', methods: ['POST'], body: 'form', steps: logIn, refuse: refuseOnPage },
  { path: '/oauth2/log-in-at', methods: ['POST'], body: 'form', steps: logInAt, refuse: refuseOnPage },
  {
    path: '/oauth2/log-in-at/callback/:provider',
    methods: ['GET'],
    body: 'query',
    steps: backFrom('oidc'),
    refuse: refuseOnPage,
  },
  { path: consumerPath, methods: ['POST'], body: 'form', steps: backFrom('saml2'), refuse: refuseOnPage },
  { path: ownMetadataPath, methods: ['GET'], body: 'query', steps: logInAtMetadata },
  { path: '/oauth2/consent', methods: ['POST'], body: 'form', steps: consent, refuse: refuseForApplication },
  { path: '/oauth2/account', methods: ['GET', 'POST'], body: 'query', steps: account, refuse: refuseOnPage },
  { path: '/oauth2/sign-up', methods: ['GET', 'POST'], body: 'query', steps: signUp, refuse: refuseOnPage },
  { path: '/oauth2/new-password', methods: ['GET', 'POST'], body: 'query', steps: newPassword, refuse: refuseOnPage },
  { path: '/oidc/logout', methods: ['GET', 'POST'], body: 'query', steps: logOut, refuse: refuseForApplication },
  { path: '/oauth2/log-out', methods: ['POST'], body: 'form', steps: confirmLogOut, refuse: refuseForApplication },
  post('/oauth2/device_authorization', deviceAuthorization),
  { path: '/oauth2/device', methods: ['GET'], body: 'query', steps: device, refuse: refuseOnPage },
  { path: '/oauth2/device-consent', methods: ['POST'], body: 'form', steps: deviceConsent, refuse: refuseOnPage },
  // Where the original has it; people write it with a slash at the end, too.
  ...['/samlsso', '/samlsso/'].map(
    (path): Endpoint => ({
      path,
      methods: ['GET', 'POST'],
      body: 'query',
      steps: samlSignOn,
      refuse: refuseForApplication,
    }),
  ),
  {
    path: '/samlsso/continue',
    methods: ['GET'],
    body: 'query',
    steps: continueSamlSignOn,
    refuse: refuseForApplication,
  },
  get('/samlsso/metadata', samlMetadata),
  fromPages({ path: '/oauth2/userinfo', methods: ['GET', 'POST'], body: 'none', steps: userinfo }),
];
