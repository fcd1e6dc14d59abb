/** Makes the folder of a new project: whole, or not at all. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defaultPolicies } from './default-policies.ts';
import { Project, ProjectError, projectFolders } from './project.ts';

export interface NewProject {
  /** Path of the folder; the folder that it is in has to be there. */
  readonly folder: string;
  /** Take the place of a project that is there. Of nothing else. */
  readonly force: boolean;
  /** An OpenAPI definition that was found to be good; null = none yet. */
  readonly definition: { readonly name: string; readonly text: string } | null;
  /** Text of a deployment configuration; null = none. */
  readonly deploymentConfig: string | null;
  /** Ids (`level|name`) of policies that need not be among the default ones. */
  readonly besides?: ReadonlySet<string>;
}

/** @throws ProjectError; nothing has changed then */
export function createProject(given: NewProject): Project {
  const { folder, force, definition, deploymentConfig, besides = new Set() } = given;
  const project = new Project(folder);
  checkPlace(project, force);
  const parent = dirname(project.folder);
  const temporary = mkdtempSync(join(parent, `.${project.name}-`));
  try {
    const made = new Project(join(temporary, project.name));
    for (const [name, meaning] of Object.entries(projectFolders)) {
      mkdirSync(join(made.folder, name), { recursive: true });
      writeFileSync(join(made.folder, name, 'README.md'), `${meaning}\n`);
    }
    writeFileSync(made.policies, defaultPolicies(besides));
    if (definition) writeFileSync(join(made.definitions, definition.name), definition.text);
    if (deploymentConfig !== null) writeFileSync(made.deploymentConfig, deploymentConfig);
    if (existsSync(project.folder)) renameSync(project.folder, join(temporary, 'former'));
    try {
      renameSync(made.folder, project.folder);
    } catch (error) {
      if (existsSync(join(temporary, 'former'))) renameSync(join(temporary, 'former'), project.folder);
      throw error;
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return project;
}

/** @throws ProjectError */
function checkPlace(project: Project, force: boolean): void {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(project.name)) {
    throw new ProjectError(`'${project.name}' is no name for a project; use letters, digits, '_', '-' and '.'`);
  }
  if (!existsSync(dirname(project.folder))) throw new ProjectError(`there is no folder ${dirname(project.folder)}`);
  if (!existsSync(project.folder)) return;
  if (!force) throw new ProjectError(`project already exists: ${project.folder}; --force takes its place`);
  const isEmpty = isFolder(project.folder) && readdirSync(project.folder).length === 0;
  if (!project.exists && !isEmpty) {
    throw new ProjectError(`${project.folder} is something else than a project; choose another name, or remove it`);
  }
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
