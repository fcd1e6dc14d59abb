/** What differs between what is there and what a project wants, field by field. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ApiProject } from './api-project.ts';

/** `from` or `to` is null where there is nothing. Contents stand as their size and hash, passwords not at all. */
export interface Change {
  /** `operations.GET /menu`, `documents.Howto.content` */
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Values by the names of their fields. */
export type Fields = ReadonlyMap<string, unknown>;

export function difference(from: Fields, to: Fields): Change[] {
  const fields = [...new Set([...from.keys(), ...to.keys()])].sort();
  return fields
    .map((field) => ({ field, from: from.get(field) ?? null, to: to.get(field) ?? null }))
    .filter((change) => !isDeepStrictEqual(change.from, change.to));
}

/** The fields of a project. Lists in which the order means nothing are sorted. */
export function fieldsOf({ api, definition, documents, thumbnail, ...certificates }: ApiProject): Fields {
  const { operations, scopes, more, endpointSecurity, tags, policies, ...plain } = api;
  const fields = new Map<string, unknown>(
    Object.entries({ ...plain, tags: [...tags].sort(), policies: [...policies].sort() }),
  );
  for (const { verb, target, ...rest } of operations) {
    fields.set(`operations.${verb} ${target}`, { ...rest, scopes: [...rest.scopes].sort() });
  }
  for (const { name, ...rest } of scopes) fields.set(`scopes.${name}`, { ...rest, roles: [...rest.roles].sort() });
  for (const [name, value] of Object.entries(more)) fields.set(name, value);
  if (definition) fields.set('definition', definition);
  if (endpointSecurity) {
    fields.set('endpointSecurity', { type: endpointSecurity.type, username: endpointSecurity.username });
  }
  for (const { name, content, ...rest } of documents ?? []) {
    fields.set(`documents.${name}`, rest);
    if (content) fields.set(`documents.${name}.content`, fingerprint(content));
  }
  if (thumbnail) fields.set('thumbnail', `${thumbnail.type} ${fingerprint(thumbnail.bytes)}`);
  for (const { alias, pem, endpoint } of certificates.endpointCertificates ?? []) {
    fields.set(`endpointCertificates.${alias}`, { endpoint, certificate: fingerprint(Buffer.from(pem.trim())) });
  }
  for (const { alias, pem, tier } of certificates.clientCertificates ?? []) {
    fields.set(`clientCertificates.${alias}`, { tier, certificate: fingerprint(Buffer.from(pem.trim())) });
  }
  return fields;
}

/** A definition is long: of what differs in it, only the parts are told. */
export function definitionChanges(changes: readonly Change[]): Change[] {
  return changes.flatMap((change) => {
    if (change.field !== 'definition' || change.from === null || change.to === null) return change;
    const parts = (value: unknown): Fields => {
      const { paths = {}, ...rest } = value as { paths?: Record<string, unknown> };
      const list = [
        ...Object.entries(paths).map(([path, item]) => [`paths.${path}`, item] as const),
        ...Object.entries(rest),
      ];
      return new Map(list.map(([name, item]) => [`definition.${name}`, item]));
    };
    return difference(parts(change.from), parts(change.to));
  });
}

function fingerprint(bytes: Buffer): string {
  return `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}
