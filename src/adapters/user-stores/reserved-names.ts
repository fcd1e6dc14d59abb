/** Names that people would take for the administrator's, or that logs and tokens have for nobody or for the system. */
import { RestError } from '../../platform/rest-error.ts';

const reserved = new Set(['admin', 'administrator', 'anonymous', 'wso2.anonymous.user', 'system', 'root', '__proto__']);

/** In any case, with dots before or behind. @throws RestError 400 */
export function refuseReservedName(name: string): void {
  const plain = name.toLowerCase().replace(/^\.+|\.+$/g, '');
  if (!reserved.has(plain) && !plain.startsWith('apim')) return;
  throw new RestError(400, `The user name ${JSON.stringify(name)} is reserved; choose another one.`);
}
