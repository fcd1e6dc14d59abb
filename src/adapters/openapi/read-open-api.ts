/** Reads an OpenAPI definition (2.0, 3.0, 3.1; YAML or JSON) and says everything that is wrong with it. */
import { readYaml, type YamlSource } from '../../platform/yaml-source.ts';
import { checkSchema, type OpenApiForm } from './check-schema.ts';
import { maxScopes, scopeNames, tooMany } from './limits.ts';
import type { OpenApiDocument, Problem } from './openapi-document.ts';
import { ProblemList } from './problem-list.ts';
import { readOperations } from './read-operations.ts';
import { readSecuritySchemes } from './read-security-schemes.ts';
import { readServers } from './read-servers.ts';
import { isObject, type Raw, References } from './references.ts';

/** Characters of a title or version. */
const maxName = 200;

export interface ReadOpenApi {
  /** null = it can't be used; `problems` has an error that says why. */
  readonly document: OpenApiDocument | null;
  readonly problems: readonly Problem[];
  /** For whoever finds more wrong with it: the places of what is said in `document.raw`. */
  readonly source: YamlSource | null;
}

/**
 * Never throws because of what the text says. Nothing but the text is read: a reference to another file or address is an
 * error.
 *
 * @param file name of it, as problems name it
 */
export async function readOpenApi(text: string, file: string): Promise<ReadOpenApi> {
  const { source, problems: found } = readYaml(text);
  const problems = new ProblemList(file, source);
  for (const { place, position, message, remedy } of found) problems.error(place, message, remedy, position);
  if (!source) return { document: null, problems: problems.all, source };
  const document = await readDocument(source, text.length, problems);
  return { document: problems.hasErrors ? null : document, problems: problems.all, source };
}

async function readDocument(
  source: YamlSource,
  length: number,
  problems: ProblemList,
): Promise<OpenApiDocument | null> {
  const root = source.value;
  if (!isObject(root)) {
    problems.error('', 'this is no OpenAPI definition', 'write an object with openapi (or swagger), info and paths');
    return null;
  }
  const version = readVersion(root, source, problems);
  if (!version) return null;
  const info = readInfo(root, source, problems);
  const references = new References(root, problems);
  references.check();
  const securitySchemes = readSecuritySchemes(root, references, problems);
  const names = new Set(securitySchemes.map(({ name }) => name));
  const operations = readOperations(root, references, names, problems);
  const { size } = scopeNames(operations, securitySchemes);
  if (size > maxScopes) {
    problems.error('', tooMany(size, 'scopes', maxScopes), 'use fewer, or split it into several APIs');
  }
  const { servers, basePath } = readServers(root, problems);
  // What was said already about these two is not said again.
  const key = version.form === '2.0' ? 'swagger' : 'openapi';
  const corrected = {
    ...root,
    [key]: version.text,
    info: isObject(root.info) && { ...root.info, version: info.version },
  };
  await checkSchema(corrected, version.form, length, problems);
  return { openapi: version.text, ...info, servers, basePath, operations, securitySchemes, raw: root };
}

function readVersion(root: Raw, source: YamlSource, problems: ProblemList): { text: string; form: OpenApiForm } | null {
  const key = root.openapi === undefined && root.swagger !== undefined ? 'swagger' : 'openapi';
  const text = textOf(root, `/${key}`, key, source, problems);
  if (key === 'swagger' && /^2(\.0)?$/.test(text)) return { text, form: '2.0' };
  if (key === 'openapi' && /^3\.0(\.|$)/.test(text)) return { text, form: '3.0' };
  if (key === 'openapi' && /^3\.1(\.|$)/.test(text)) return { text, form: '3.1' };
  if (key === 'openapi' && /^3(\.|$)/.test(text)) {
    problems.warn(
      '/openapi',
      `OpenAPI ${text} is not known; it is read as 3.1`,
      'write 3.1.0 if nothing newer is used',
    );
    return { text, form: '3.1' };
  }
  const message = text === '' ? 'the definition says no OpenAPI version' : `OpenAPI version '${text}' is not supported`;
  problems.error(text === '' ? '' : `/${key}`, message, "write swagger: '2.0', openapi: 3.0.x or openapi: 3.1.x");
  return null;
}

function readInfo(
  root: Raw,
  source: YamlSource,
  problems: ProblemList,
): Pick<OpenApiDocument, 'title' | 'version' | 'description'> {
  const info = isObject(root.info) ? root.info : {};
  const title = textOf(info, '/info/title', 'title', source, problems);
  const version = textOf(info, '/info/version', 'version', source, problems);
  if (title === '') problems.error('/info/title', 'the definition has no title', 'add info.title: the name of the API');
  for (const [name, text] of Object.entries({ title, version })) {
    if (!/[\p{Cc}\u2028\u2029]/u.test(text) && text.length <= maxName) continue;
    const message = `the ${name} has control characters, or more than ${maxName} characters`;
    problems.error(`/info/${name}`, message, 'write a short line');
  }
  if (version === '') problems.error('/info/version', 'the definition has no version', 'add info.version');
  return { title, version, description: typeof info.description === 'string' ? info.description : '' };
}

/** A number that should have been in quotes is taken as it is written: `1.10`, not 1.1. */
function textOf(object: Raw, place: string, key: string, source: YamlSource, problems: ProblemList): string {
  const value = object[key];
  if (typeof value === 'string') return value.trim();
  if (typeof value !== 'number') return '';
  const text = source.text(place) ?? String(value);
  problems.warn(place, `'${key}' is a number`, `put it in quotes: '${text}'`);
  return text;
}
