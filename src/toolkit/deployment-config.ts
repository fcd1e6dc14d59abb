/**
 * `conf/deployment-config.toml` of the original toolkit: images, Kubernetes manifests, filters. None of it is made here,
 * and nobody is to believe that it was.
 */
import { lstatSync } from 'node:fs';
import { relative } from 'node:path';
import { parse, type TomlTable } from 'smol-toml';
import type { Problem } from '../adapters/openapi/openapi-document.ts';
import { readBounded } from '../platform/read-bounded.ts';
import { type Project, ProjectError } from './project.ts';

/** Bytes of the file. */
export const maxLength = 1024 * 1024;

/** @param other a file in place of the project's own; null = that */
export function checkDeploymentConfig(project: Project, other: string | null): Problem[] {
  const path = other ?? project.deploymentConfig;
  if (other === null && !lstatSync(path, { throwIfNoEntry: false })) return [];
  const file = other ?? relative(project.folder, path);
  let table: TomlTable;
  try {
    const bytes = readBounded(path, { maxBytes: maxLength, anyKind: other !== null });
    table = parseDeploymentConfig(bytes.toString('utf8'), file);
  } catch (error) {
    return [{ severity: 'error', file, place: '', message: (error as Error).message, remedy: 'correct or remove it' }];
  }
  const problems: Problem[] = [];
  if (Array.isArray(table.filters) && table.filters.length > 0) {
    // One of them may be what keeps callers out.
    const message = "filters of one's own are not called";
    problems.push({
      severity: 'error',
      file,
      place: '/filters',
      message,
      remedy: 'remove them, do what they do elsewhere',
    });
  }
  for (const place of enabled(table, '')) {
    const message = 'neither images nor manifests are made yet';
    problems.push({ severity: 'warning', file, place, message, remedy: 'write enable = false' });
  }
  return problems;
}

/** @throws ProjectError for what is no TOML */
export function parseDeploymentConfig(text: string, file: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    throw new ProjectError(`${file} is no valid TOML: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}

/** Places of `enable = true`. */
function enabled(table: TomlTable, place: string): string[] {
  return Object.entries(table).flatMap(([key, value]) => {
    if (key === 'enable' && value === true) return [`${place}/enable`];
    const isTable = typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
    return isTable ? enabled(value as TomlTable, `${place}/${key}`) : [];
  });
}
