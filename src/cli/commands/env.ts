/** `postern env`: which control planes there are. */
import {
  addEnvironment,
  changeEnvironment,
  type EnvironmentChange,
  listEnvironments,
  removeEnvironment,
} from '../remote/environments.ts';
import { type OutputFormat, print } from '../remote/output.ts';
import { note } from '../remote/progress.ts';
import { readSession } from '../remote/sessions.ts';

export async function envAdd(name: string, change: EnvironmentChange & { readonly url: string }): Promise<void> {
  const { url } = addEnvironment(name, change);
  note(`added ${name} (${url}); next: postern login ${name}`);
}

export async function envSet(name: string, change: EnvironmentChange): Promise<void> {
  changeEnvironment(name, change);
  note(`changed ${name}`);
}

export async function envRemove(name: string): Promise<void> {
  removeEnvironment(name);
  note(`removed ${name}`);
}

export async function envList({ output }: { readonly output: OutputFormat }): Promise<void> {
  const rows = listEnvironments().map((environment) => ({
    ...environment,
    user: readSession(environment.name)?.user ?? null,
  }));
  print(
    rows,
    [
      ['NAME', 'name'],
      ['URL', 'url'],
      ['LOGGED IN', 'user'],
    ],
    output,
  );
}
