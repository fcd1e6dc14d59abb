/** A project's folder: what is where in it. */
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { OperatorError } from '../platform/operator-error.ts';

/** A project, or the definition for a new one, can't be used; the message says why. */
export class ProjectError extends OperatorError {
  override name = 'ProjectError';
  override readonly exitCode = 2;
}

/** Folders of a project, with what belongs into them. */
export const projectFolders: Readonly<Record<string, string>> = {
  api_definitions: 'OpenAPI definitions (2.0, 3.0 or 3.1; YAML or JSON), one API a file.',
  conf: 'deployment-config.toml of the original toolkit. Images and manifests are not made from it.',
  'gen/api_definitions': 'Definitions that `postern pull` got from a control plane, called by the id of their API.',
  interceptors: 'Functions that definitions name as interceptors. They are checked, and not called yet.',
  extensions: 'Extensions of the original toolkit. They are not called.',
  grpc_definitions: 'Protocol buffer definitions. APIs are not made of them yet.',
  lib: 'Libraries of the original toolkit. They are not loaded.',
};

export class Project {
  /** Absolute path. */
  readonly folder: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  get name(): string {
    return basename(this.folder);
  }

  get policies(): string {
    return join(this.folder, 'policies.yaml');
  }

  /** Policies that came from a control plane; they are stronger than those of `policies`. */
  get pulledPolicies(): string {
    return join(this.folder, 'gen', 'policies.yaml');
  }

  get definitions(): string {
    return join(this.folder, 'api_definitions');
  }

  get pulledDefinitions(): string {
    return join(this.folder, 'gen', 'api_definitions');
  }

  get interceptors(): string {
    return join(this.folder, 'interceptors');
  }

  get deploymentConfig(): string {
    return join(this.folder, 'conf', 'deployment-config.toml');
  }

  get artifact(): string {
    return join(this.folder, 'target', `${this.name}.postern`);
  }

  /** Whether the folder is one of a project, whole or in parts. */
  get exists(): boolean {
    return existsSync(this.definitions) || existsSync(this.pulledDefinitions) || existsSync(this.policies);
  }

  /**
   * What is read and written has to be the project's own: a folder that came from elsewhere may have links in it.
   *
   * @param path of something in the project, whether it is there or not
   * @throws ProjectError if it, or what there is of the way to it, leads out of the project
   */
  requireInside(path: string): void {
    let found = path;
    while (found !== this.folder && !lstatSync(found, { throwIfNoEntry: false })) found = dirname(found);
    const real = realPath(found);
    if (real !== null && `${real}${sep}`.startsWith(`${realpathSync(this.folder)}${sep}`)) return;
    const where = real === null ? 'is a link that leads nowhere' : `leads out of the project, to ${real}`;
    throw new ProjectError(`${found} ${where}; put a folder or file of its own in its place`);
  }

  /** @throws ProjectError if there is none */
  require(): void {
    if (this.exists) return;
    const what = existsSync(this.folder) ? 'is no project: it has no folder api_definitions' : 'is not there';
    throw new ProjectError(`${this.folder} ${what}; make a project by 'postern init ${this.name}'`);
  }
}

/** Null for a link that leads nowhere. */
function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
