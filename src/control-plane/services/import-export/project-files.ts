/** From a project to the files of its folder, in the original's layout. */
import { stringify } from 'yaml';
import type { Files } from '../../../platform/zip.ts';
import { type ApiProject, type ProjectDocument, type ProjectFormat, paths } from './api-project.ts';
import { certificateText } from './certificate-text.ts';
import { writeApiYaml } from './write-api-yaml.ts';

export interface FilesOptions {
  readonly format: ProjectFormat;
  readonly preserveStatus: boolean;
}

export function projectFiles(project: ApiProject, { format, preserveStatus }: FilesOptions): Files {
  const files: Files = new Map();
  const put = (name: string, value: unknown): void => void files.set(`${name}.${format}`, textFile(value, format));
  const { definition } = project;
  const hasDefinition = Object.keys(definition?.paths ?? {}).length > 0;
  put(paths.api, writeApiYaml(project.api, { preserveStatus, hasDefinition }));
  if (definition) put(paths.definition, definition);
  // Written also when empty: an import then knows that there are none.
  const { endpointCertificates, clientCertificates, documents, thumbnail } = project;
  if (endpointCertificates) {
    const list = endpointCertificates.map(({ alias, endpoint, pem }) => ({
      alias,
      hostName: endpoint,
      certificate: certificateText(pem),
    }));
    put(paths.endpointCertificates, list);
  }
  if (clientCertificates) {
    const list = clientCertificates.map(({ alias, tier, pem }) => ({
      alias,
      tierName: tier,
      certificate: certificateText(pem),
    }));
    put(paths.clientCertificates, list);
  }
  if (documents) {
    put(
      paths.documents,
      documents.map((document) => entryOf(document)),
    );
    for (const document of documents) {
      const place = contentPath(document);
      if (place !== null && document.content !== null) files.set(place, document.content);
    }
  }
  if (thumbnail) files.set(`${paths.image}.${extensionOf(thumbnail.type)}`, thumbnail.bytes);
  return files;
}

export function textFile(value: unknown, format: ProjectFormat): Buffer {
  return Buffer.from(format === 'yaml' ? stringify(value, { lineWidth: 0 }) : `${JSON.stringify(value, null, 2)}\n`);
}

function entryOf(document: ProjectDocument): Record<string, unknown> {
  const place = contentPath(document);
  return {
    name: document.name,
    type: document.type,
    ...(document.otherTypeName !== '' && { otherTypeName: document.otherTypeName }),
    summary: document.summary,
    sourceType: document.sourceType,
    ...(document.sourceUrl !== '' && { sourceUrl: document.sourceUrl }),
    visibility: document.visibility,
    ...(document.fileName !== '' && { fileName: document.fileName }),
    ...(document.mediaType !== '' && { mediaType: document.mediaType }),
    // Without a file there is no content yet.
    ...(place !== null && document.content !== null && { filePath: place.slice(place.lastIndexOf('/') + 1) }),
  };
}

/** Where the content of a document is; null for one that is elsewhere. Names of documents are unique, those of files not. */
function contentPath({ name, sourceType, fileName }: ProjectDocument): string | null {
  if (sourceType === 'URL') return null;
  if (sourceType !== 'FILE') return `${paths.inlineContents}/${safeName(name)}`;
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(fileName)?.[0] ?? '';
  return `${paths.fileContents}/${safeName(name)}${extension}`;
}

/** A name that is a file's on every system, and another one for another name. */
function safeName(name: string): string {
  const escaped = name.replaceAll(/[^A-Za-z0-9 ._-]|^[. ]|[. ]$/gu, (character) =>
    encodeURIComponent(character) === character
      ? `%${character.charCodeAt(0).toString(16).toUpperCase()}`
      : encodeURIComponent(character),
  );
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(escaped) ? `%${escaped}` : escaped;
}

const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

const extensionOf = (type: string): string => extensions[type] ?? 'bin';
