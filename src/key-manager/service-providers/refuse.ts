/** Refusals on a page of ours: nobody is sent anywhere as long as it isn't known who asks, and where he is to go. */
import { XmlError } from '../../adapters/xml/parse-xml.ts';
import { OAuthError } from '../oauth-error.ts';

export const refuse = (why: string): never => {
  throw new OAuthError('invalid_request', `the request of the service provider is refused: ${why}`);
};

/** Of XML that is not as it has to be. */
export function refuseXml(error: Error): never {
  if (error instanceof XmlError) return refuse(error.message);
  throw error;
}
