/** Which operations of the REST APIs are built: the page docs/rest-coverage.md. */
import type { RestApi } from './mount.ts';

/** `METHOD /path` of the operations that answer 501. */
export function notBuilt({ definition, operations }: RestApi): string[] {
  return definition.operations
    .map(({ method, path }) => `${method} ${path}`)
    .filter((operation) => operations[operation] === undefined);
}

/** The page, in Markdown. */
export function coverageMarkdown(apis: readonly RestApi[]): string {
  const counts = apis.map((api) => {
    const all = api.definition.operations.length;
    const built = all - notBuilt(api).length;
    return `| \`/api/am/${api.names.join('` or `/api/am/')}\` | ${built} | ${all} |`;
  });
  const tables = apis.flatMap((api) => {
    const missing = new Set(notBuilt(api));
    const rows = api.definition.operations.map(({ method, path, scopes }) => {
      const state = missing.has(`${method} ${path}`) ? '501' : 'built';
      return `| ${method} | \`${path}\` | ${scopesOf(scopes)} | ${state} |`;
    });
    return [`## ${api.names[0]}`, ['| method | path | scope | |', '| --- | --- | --- | --- |', ...rows].join('\n')];
  });
  const introduction =
    'The REST APIs have the paths, fields, status codes and scopes of WSO2 API Manager 3.2.0. What is not built yet answers 501 in the ' +
    'form of the other errors. This page is generated (`npm run docs`).';
  const overview = ['| API | built | operations |', '| --- | --- | --- |', ...counts].join('\n');
  return `${['# REST APIs: what is built', introduction, overview, ...tables].join('\n\n')}\n`;
}

function scopesOf(scopes: readonly string[] | null): string {
  if (scopes === null) return 'none';
  return scopes.map((scope) => `\`${scope}\``).join(' or ') || 'any, logged in';
}
