/** An API with everything that belongs to it, apart from any control plane: what is exported and imported. */
import type { CatalogApi } from '../../../core/catalog-api.ts';
import type { Json } from '../definitions/json.ts';

/** What of a catalogue's API is its own, wherever it is kept. */
export interface ProjectApi
  extends Omit<CatalogApi, 'id' | 'createdAt' | 'updatedAt' | 'servesDefault' | 'endpointSecurity' | 'status'> {
  /** null = the project says nothing: a new API begins as CREATED, one that is there stays as it is. */
  readonly status: CatalogApi['status'] | null;
  /** `password` is null where it is not said: it is never exported. */
  readonly endpointSecurity: {
    readonly type: 'BASIC' | 'DIGEST';
    readonly username: string;
    readonly password: string | null;
  } | null;
}

export interface ProjectDocument {
  readonly name: string;
  readonly type: string;
  readonly summary: string;
  readonly sourceType: 'INLINE' | 'MARKDOWN' | 'URL' | 'FILE';
  readonly sourceUrl: string;
  readonly otherTypeName: string;
  readonly visibility: 'OWNER_ONLY' | 'PRIVATE' | 'API_LEVEL';
  readonly fileName: string;
  readonly mediaType: string;
  /** null = there is none yet. */
  readonly content: Buffer | null;
}

export interface ProjectCertificate {
  readonly alias: string;
  readonly pem: string;
}

export interface ApiProject {
  readonly api: ProjectApi;
  /** OpenAPI. null = the project says nothing of it, here as below. */
  readonly definition: Json | null;
  /** By name. */
  readonly documents: readonly ProjectDocument[] | null;
  readonly thumbnail: { readonly type: string; readonly bytes: Buffer } | null;
  /** Of back ends; by alias. `endpoint` is the URL of one. */
  readonly endpointCertificates: readonly (ProjectCertificate & { readonly endpoint: string })[] | null;
  /** Of clients; by alias. `tier` is a subscription-level policy. */
  readonly clientCertificates: readonly (ProjectCertificate & { readonly tier: string })[] | null;
}

/** Where the parts of a project are, as the original has them. */
export const paths = {
  api: 'Meta-information/api',
  definition: 'Meta-information/swagger',
  endpointCertificates: 'Meta-information/endpoint_certificates',
  clientCertificates: 'Meta-information/client_certificates',
  documents: 'Docs/docs',
  inlineContents: 'Docs/InlineContents',
  fileContents: 'Docs/FileContents',
  image: 'Image/icon',
} as const;

/** Formats of what is no binary file; the extension is the same. */
export type ProjectFormat = 'yaml' | 'json';
