/** Names of SAML 2.0 (OASIS saml-core-2.0-os, saml-bindings-2.0-os, saml-metadata-2.0-os). */

const saml2 = 'urn:oasis:names:tc:SAML:2.0';

export const samlAssertion = `${saml2}:assertion`;
export const samlProtocol = `${saml2}:protocol`;
export const samlMetadata = `${saml2}:metadata`;

export const bearerConfirmation = `${saml2}:cm:bearer`;
export const saml2Bearer = 'urn:ietf:params:oauth:grant-type:saml2-bearer';

export const redirectBinding = `${saml2}:bindings:HTTP-Redirect`;
export const postBinding = `${saml2}:bindings:HTTP-POST`;

export const unspecifiedName = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
export const persistentName = `${saml2}:nameid-format:persistent`;
export const transientName = `${saml2}:nameid-format:transient`;

/** How somebody showed who he is (saml-authn-context-2.0-os). */
export const contextPrefix = `${saml2}:ac:classes:`;
export const unspecifiedContext = `${contextPrefix}unspecified`;
export const passwordContext = `${contextPrefix}Password`;
export const protectedPasswordContext = `${contextPrefix}PasswordProtectedTransport`;

/** What a request came to (SAML core section 3.2.2.2). */
export const statusPrefix = `${saml2}:status:`;

export const samlStatus = {
  success: `${statusPrefix}Success`,
  requester: `${statusPrefix}Requester`,
  responder: `${statusPrefix}Responder`,
  noPassive: `${statusPrefix}NoPassive`,
  noContext: `${statusPrefix}NoAuthnContext`,
  invalidNamePolicy: `${statusPrefix}InvalidNameIDPolicy`,
  unsupportedBinding: `${statusPrefix}UnsupportedBinding`,
  unsupported: `${statusPrefix}RequestUnsupported`,
  failed: `${statusPrefix}AuthnFailed`,
} as const;
