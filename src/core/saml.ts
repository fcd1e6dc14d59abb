/** Names of SAML 2.0 (OASIS saml-core-2.0-os). */

export const samlAssertion = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const bearerConfirmation = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
export const saml2Bearer = 'urn:ietf:params:oauth:grant-type:saml2-bearer';
