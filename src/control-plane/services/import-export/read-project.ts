/** Reads a project from the files of its folder, in the original's layout: ours, and those that the original exported. */
import type { OpenApiDocument } from '../../../adapters/openapi/openapi-document.ts';
import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Files } from '../../../platform/zip.ts';
import { httpUrl } from '../apis/document-content.ts';
import { imageType } from '../apis/image-type.ts';
import type { Json } from '../definitions/json.ts';
import { operationsOf } from '../definitions/operations-of.ts';
import { readApart } from '../definitions/read-definition.ts';
import { type ApiProject, type ProjectDocument, paths } from './api-project.ts';
import { certificatePem } from './certificate-text.ts';
import { type Defined, readApiYaml } from './read-api-yaml.ts';
import { ProjectReader } from './reader.ts';

export interface ReadProject {
  readonly project: ApiProject;
  /** The project's definition as it was read; null = it has none. */
  readonly document: OpenApiDocument | null;
  readonly warnings: readonly string[];
}

/**
 * @param user who waits for it
 * @throws RestError 400 with everything that is wrong, each with file and line; 503 when too many definitions are waiting
 */
export async function readProject(files: Files, user = ''): Promise<ReadProject> {
  const reader = ProjectReader.of(files);
  const doc = reader.document(paths.api);
  if (!doc) {
    reader.finish();
    throw new RestError(
      400,
      `The project has no ${paths.api}.yaml (or .json); expected a folder or archive that an export wrote.`,
    );
  }
  const { definition, document, defined } = await readDefinition(reader, user);
  const project: ApiProject = {
    api: readApiYaml(doc, defined),
    definition,
    documents: readDocuments(reader),
    thumbnail: readThumbnail(reader),
    endpointCertificates: readEndpointCertificates(reader),
    clientCertificates: readClientCertificates(reader),
  };
  requireOperations(reader, project);
  // To leave it out in silence would let through what it was to stop.
  for (const part of ['Sequences/', 'WSDL/', 'SoapToRest/']) {
    if (reader.below(part).length > 0) reader.problem(`${part}: mediation and SOAP are not built yet; expected none`);
  }
  reader.finish();
  return { project, document, warnings: reader.warnings };
}

async function readDefinition(
  reader: ProjectReader,
  user: string,
): Promise<{ definition: Json | null; document: OpenApiDocument | null; defined: Defined }> {
  const none = { definition: null, document: null, defined: { operations: [], scopes: [] } };
  const found = reader.text(paths.definition);
  if (!found) return none;
  const { document, problems } = await readApart(found.text, found.path, user);
  for (const { severity, file, line, message, remedy } of problems) {
    const text = `${file}${line === undefined ? '' : `:${line}`}: ${message}; ${remedy}`;
    if (severity === 'error') reader.problem(text);
    else reader.warnings.push(text);
  }
  if (!document) return none;
  try {
    return {
      definition: { ...document.raw },
      document,
      defined: document.operations.length > 0 ? operationsOf(document) : none.defined,
    };
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    reader.problem(`${found.path}: ${error.message}`);
    return none;
  }
}

/** Said here and not later, where nobody knows of files any more. What is odd in the definition may be why there are none. */
function requireOperations(reader: ProjectReader, { api, definition }: ApiProject): void {
  if (api.operations.length > 0) return;
  const found = reader.text(paths.definition);
  if (!found)
    reader.problem(`${paths.definition}.yaml is missing; expected the OpenAPI definition, with the operations`);
  if (!found || !definition) return;
  const why = reader.warnings.filter((text) => text.startsWith(found.path));
  reader.problem(`${found.path}: there are no operations; expected one at least, such as paths: {/orders: {get: …}}`);
  for (const text of why) reader.problem(text);
}

function readDocuments(reader: ProjectReader): ProjectDocument[] | null {
  const doc = reader.document(paths.documents);
  if (!doc) return null;
  const seen = new Set<string>();
  const documents = doc.list(doc.value, '').map((one, at): ProjectDocument => {
    const place = `/${at}`;
    const fields = doc.object(one, place);
    const text = (key: string): string => doc.string(fields[key], `${place}/${key}`);
    const name = text('name');
    if (name === '' || seen.has(name)) doc.problem(place, `${place}: expected a name of its own`);
    if (hasHiddenCharacters(name)) doc.problem(`${place}/name`, `${place}/name: expected no ${hiddenCharacters}`);
    seen.add(name);
    const sourceTypes = ['INLINE', 'MARKDOWN', 'URL', 'FILE'] as const;
    const sourceType = doc.choice(fields.sourceType, `${place}/sourceType`, sourceTypes, 'INLINE');
    const address = sourceType === 'URL' ? httpUrl(text('sourceUrl')) : text('sourceUrl');
    if (address === null) {
      doc.problem(`${place}/sourceUrl`, `${place}/sourceUrl: expected an http or https URL`);
    }
    const isFile = sourceType === 'FILE';
    const content = sourceType === 'URL' ? null : contentOf(reader, isFile, text('filePath') || (isFile ? '' : name));
    if (content === null && text('filePath') !== '') {
      doc.problem(
        `${place}/filePath`,
        `${isFile ? paths.fileContents : paths.inlineContents}/${text('filePath')} is missing`,
      );
    }
    return {
      name,
      type: doc.choice(fields.type, `${place}/type`, types, 'OTHER'),
      summary: text('summary'),
      sourceType,
      sourceUrl: address ?? '',
      otherTypeName: text('otherTypeName'),
      visibility: doc.choice(fields.visibility, `${place}/visibility`, visibilities, 'API_LEVEL'),
      fileName: isFile ? text('fileName') || text('filePath') : '',
      mediaType: text('mediaType') || (isFile ? 'application/octet-stream' : ''),
      content,
    };
  });
  return documents.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const types = ['HOWTO', 'SAMPLES', 'PUBLIC_FORUM', 'SUPPORT_FORUM', 'API_MESSAGE_FORMAT', 'SWAGGER_DOC', 'OTHER'];
const visibilities = ['OWNER_ONLY', 'PRIVATE', 'API_LEVEL'] as const;

function contentOf(reader: ProjectReader, isFile: boolean, name: string): Buffer | null {
  return name === '' ? null : reader.bytes(`${isFile ? paths.fileContents : paths.inlineContents}/${name}`);
}

/** Bytes. */
const largestPicture = 1024 * 1024;

function readThumbnail(reader: ProjectReader): ApiProject['thumbnail'] {
  const path = reader.below(`${paths.image}.`)[0];
  if (path === undefined) return null;
  const bytes = reader.bytes(path) as Buffer;
  if (bytes.length > largestPicture) reader.problem(`${path}: expected ${largestPicture} bytes at most`);
  const type = imageType(bytes);
  if (type === null) reader.problem(`${path}: expected a picture: PNG, JPEG, GIF or WebP`);
  return { type: type ?? '', bytes };
}

function readEndpointCertificates(reader: ProjectReader): ApiProject['endpointCertificates'] {
  return readCertificates(reader, paths.endpointCertificates, (text) => ({
    endpoint: text('hostName') || text('endpoint'),
  }));
}

function readClientCertificates(reader: ProjectReader): ApiProject['clientCertificates'] {
  return readCertificates(reader, paths.clientCertificates, (text) => ({ tier: text('tierName') || 'Unlimited' }));
}

function readCertificates<T>(
  reader: ProjectReader,
  path: string,
  more: (text: (key: string) => string) => T,
): (T & { alias: string; pem: string })[] | null {
  const doc = reader.document(path);
  if (!doc) return null;
  const list = doc.list(doc.value, '').map((one, at) => {
    const place = `/${at}`;
    const fields = doc.object(one, place);
    const text = (key: string): string => doc.string(fields[key], `${place}/${key}`);
    const pem = certificatePem(text('certificate'));
    if (pem === null) doc.problem(`${place}/certificate`, `${place}/certificate: expected a certificate in base64`);
    if (!/^[\w.-]{1,100}$/.test(text('alias'))) {
      doc.problem(place, `${place}/alias: expected 1 to 100 letters, digits and characters of . _ -`);
    }
    return { alias: text('alias'), pem: pem ?? '', ...more(text) };
  });
  return list.sort((a, b) => (a.alias < b.alias ? -1 : 1));
}
