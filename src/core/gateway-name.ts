/** How a gateway can be called: the common name of its certificate. */

/** The name of the gateway that is made on the machine of the control plane, without enrolment. */
export const ownGatewayName = 'gateway';

export const gatewayNameRule = 'a letter or digit, followed by up to 63 letters, digits, dots, dashes and underscores';

export function isGatewayName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);
}
