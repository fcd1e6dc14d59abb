/** From a project to an artifact. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeArtifact } from '../adapters/artifacts/artifact.ts';
import type { Problem } from '../adapters/openapi/openapi-document.ts';
import type { Api } from '../core/api.ts';
import { Project, ProjectError } from './project.ts';
import { readProject } from './read-project.ts';

export interface Built {
  readonly problems: readonly Problem[];
  /** null = a problem is an error, and nothing was written. */
  readonly artifact: {
    readonly file: string;
    readonly hash: string;
    readonly bytes: number;
    readonly apis: readonly Api[];
    readonly policies: number;
  } | null;
}

/**
 * Builds the project in a folder. An artifact that is there stays as it is until the new one is whole.
 *
 * @param deploymentConfig a file in place of the project's own; null = that
 *
 * @throws ProjectError if the folder is no project, or can't be written to
 */
export async function buildProject(folder: string, deploymentConfig: string | null = null): Promise<Built> {
  const project = new Project(folder);
  const { entities, problems } = await readProject(project, deploymentConfig);
  if (problems.some(({ severity }) => severity === 'error')) return { problems, artifact: null };
  const file = project.artifact;
  project.requireInside(dirname(file));
  let hash: string;
  try {
    mkdirSync(dirname(file), { recursive: true });
    hash = writeArtifact(file, entities);
  } catch (error) {
    throw new ProjectError(`can't write the artifact: ${(error as Error).message}`);
  }
  const apis = entities.flatMap((entity) => (entity.kind === 'api' && entity.value ? [entity.value] : []));
  const { size } = statSync(file);
  return { problems, artifact: { file, hash, bytes: size, apis, policies: entities.length - apis.length } };
}
