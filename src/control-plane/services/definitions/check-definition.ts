/** What an import would refuse of a definition, said without importing it. */
import type { OpenApiDocument } from '../../../adapters/openapi/openapi-document.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { type ErrorItem, RestError } from '../../../platform/rest-error.ts';
import { mostErrors } from '../../rest/bounds.ts';
import { checkOperations } from '../apis/check-operations.ts';
import { extensionProblems, settingsOf } from './extensions.ts';
import { operationsOf } from './operations-of.ts';
import { requirementProblems } from './requirement-problems.ts';

/** Of an API of which nothing is said but by the definition. */
export async function definitionProblems(
  db: Queryable,
  document: OpenApiDocument,
  tenant: string,
): Promise<readonly ErrorItem[]> {
  const { securityScheme = ['oauth2'], transport = ['http', 'https'], ...more } = settingsOf(document);
  const transports = (['http', 'https'] as const).filter((name) => transport.includes(name));
  const problems = notKept(document, { securityScheme, transports, more });
  try {
    const said = operationsOf(document);
    const { problems: others } = await checkOperations(db, said, tenant);
    return [...problems, ...others];
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    return [...problems, { code: '/paths', message: error.message }];
  }
}

/** @throws RestError 400 when the definition asks for what the API doesn't do */
export function requireKept(document: OpenApiDocument, api: Asked): void {
  const problems = notKept(document, api).slice(0, mostErrors);
  if (problems.length === 0) return;
  throw new RestError(400, problems.map(({ message }) => message).join('; '), problems);
}

type Asked = Parameters<typeof extensionProblems>[1];

const notKept = (document: OpenApiDocument, api: Asked): ErrorItem[] => [
  ...extensionProblems(document, api),
  ...requirementProblems(document, api),
];
