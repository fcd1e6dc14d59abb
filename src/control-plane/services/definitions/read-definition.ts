/** Reads a definition that a publisher gave as a file, as text or as an address. */
import type { OpenApiDocument, Problem } from '../../../adapters/openapi/openapi-document.ts';
import { type ReadApart, readOpenApiApart, TooManyDefinitionsError } from '../../../adapters/openapi/read-apart.ts';
import type { PrivateAddresses } from '../../../adapters/outbound/fetch-outside.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { fetchDefinition } from './fetch-definition.ts';

export interface GivenDefinition {
  readonly text?: string | undefined;
  readonly url?: string | undefined;
  /** As problems name it. */
  readonly name?: string | undefined;
}

/** @throws RestError 400 when neither or both of text and URL are given, or the URL leads to nothing */
export async function definitionText(
  { text, url }: GivenDefinition,
  privateAddresses: PrivateAddresses,
): Promise<string> {
  const hasUrl = url !== undefined && url !== '';
  const hasText = text !== undefined && text !== '';
  if (hasText === hasUrl)
    throw new RestError(400, 'Expected the definition as a file, or its address as `url`; one of them.');
  return hasUrl ? fetchDefinition(url, privateAddresses) : (text as string);
}

/**
 * In a thread of its own, when it is the user's turn.
 * @throws RestError 503 when too many are waiting, which says nothing of the definition
 */
export async function readApart(text: string, file: string, user: string): Promise<ReadApart> {
  try {
    return await readOpenApiApart(text, file, user);
  } catch (error) {
    if (!(error instanceof TooManyDefinitionsError)) throw error;
    throw new RestError(503, `${error.message}; expected to be asked again a little later.`, [], {
      'retry-after': String(error.retryAfter),
    });
  }
}

/**
 * @param user who waits for it
 * @throws RestError 400 that says everything that is wrong with it, 503 as `readApart`
 */
export async function readDefinition(
  given: GivenDefinition,
  user: string,
  privateAddresses: PrivateAddresses,
): Promise<OpenApiDocument> {
  const text = await definitionText(given, privateAddresses);
  const { document, problems } = await readApart(text, given.name || given.url || 'definition', user);
  if (document) return document;
  const errors = problems.filter(({ severity }) => severity === 'error').map(errorOf);
  throw new RestError(400, `The definition is not valid: ${errors[0]?.message ?? 'it can not be read'}`, errors);
}

/** A problem in the form of the REST APIs. */
export function errorOf({ file, line, column, place, message, remedy }: Problem): { code: string; message: string } {
  const at = line === undefined ? file : `${file}:${line}${column === undefined ? '' : `:${column}`}`;
  return { code: place || '/', message: `${at}: ${message}; ${remedy}` };
}
