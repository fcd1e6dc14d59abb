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
const context = `${saml2}:ac:classes`;
export const unspecifiedContext = `${context}:unspecified`;
export const passwordContext = `${context}:Password`;
export const protectedPasswordContext = `${context}:PasswordProtectedTransport`;

export const samlStatus = {
  success: `${saml2}:status:Success`,
  requester: `${saml2}:status:Requester`,
  responder: `${saml2}:status:Responder`,
  noPassive: `${saml2}:status:NoPassive`,
  noContext: `${saml2}:status:NoAuthnContext`,
  invalidNamePolicy: `${saml2}:status:InvalidNameIDPolicy`,
  unsupportedBinding: `${saml2}:status:UnsupportedBinding`,
  unsupported: `${saml2}:status:RequestUnsupported`,
  failed: `${saml2}:status:AuthnFailed`,
} as const;
