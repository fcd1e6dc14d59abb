/**
 * The import rules of ARCHITECTURE.md, as a plugin of oxlint: who may import what. They hold for types and for dynamic
 * imports too; tests and contract suites may import anything.
 */

import { dirname, relative, resolve, sep } from 'node:path';

const roles = ['gateway', 'key-manager', 'control-plane', 'toolkit'];

/** The folders of src/, and what each may import besides itself. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  platform: [],
  wire: [],
  adapters: ['wire', 'platform', 'core'],
  ...Object.fromEntries(roles.map((role) => [role, ['adapters', 'wire', 'platform', 'core']])),
  cli: [...roles, 'adapters', 'wire', 'platform', 'core'],
};

/** Clients and parsers that a process loads only when it uses them: by `await import()`. */
const heavy =
  /^(amqplib|rhea|@nats-io\/.+|@redis\/client|pg|ldapts|xml-crypto|@xmldom\/xmldom|fast-xml-parser|graphql|ws|@apidevtools\/openapi-schemas|ajv-draft-04)(\/|$)/;

/** Parts of the gateway that see a request only as `src/wire/wire.ts` shows it, whatever carries the bytes. */
const wireAgnostic = /^src\/gateway\/(stages|security|backends|throttling)\//;
const carriers = /^(node:)?(http|https|http2)$|^undici(\/|$)/;

const isTest = /\.test\.ts$|\/contract\//;

interface Import {
  /** The importing file, from the root, with slashes. */
  readonly file: string;
  readonly specifier: string;
  /** The imported file, from the root; undefined for a package. */
  readonly target: string | undefined;
  readonly isDynamic: boolean;
  readonly isType: boolean;
}

/** What is wrong with an import; undefined = nothing. */
function problem({ file, specifier, target, isDynamic, isType }: Import): string | undefined {
  const from = folderOf(file);
  if (target === undefined) {
    if (from === 'core') return 'core imports nothing from outside: neither packages nor Node';
    if (heavy.test(specifier) && !isDynamic && !isType)
      return `load '${specifier}' by await import(), in the file that uses it`;
  } else {
    const to = folderOf(target);
    if (to === undefined) return `src imports nothing from outside src: '${target}'`;
    if (from !== undefined && to !== from && !mayImport[from]?.includes(to)) {
      const allowed = mayImport[from]?.join(', ') || 'nothing of ours';
      return `${from} may not import ${to}; besides itself it imports ${allowed}`;
    }
  }
  if (wireAgnostic.test(file) && (target?.startsWith('src/wire/node/') || carriers.test(specifier))) {
    return 'this part of the gateway knows requests only through src/wire/wire.ts';
  }
  return undefined;
}

function folderOf(file: string): string | undefined {
  const [top, folder] = file.split('/');
  return top === 'src' ? folder : undefined;
}

/** What we use of the linter's syntax tree, which is ESTree. */
interface ImportNode {
  readonly source?: { readonly type: string; readonly value?: unknown } | null;
  readonly importKind?: string;
  readonly exportKind?: string;
}
interface Context {
  readonly filename: string;
  readonly cwd: string;
  report(problem: { node: unknown; message: string }): void;
}

function create(context: Context) {
  const file = relative(context.cwd, context.filename).replaceAll(sep, '/');
  if (!file.startsWith('src/') || isTest.test(file)) return {};
  const visit = (isDynamic: boolean) => (node: ImportNode) => {
    const specifier = node.source?.value;
    if (typeof specifier !== 'string') return;
    const target = specifier.startsWith('.')
      ? relative(context.cwd, resolve(dirname(context.filename), specifier)).replaceAll(sep, '/')
      : undefined;
    const isType = node.importKind === 'type' || node.exportKind === 'type';
    const message = problem({ file, specifier, target, isDynamic, isType });
    if (message !== undefined) context.report({ node, message });
  };
  return {
    ImportDeclaration: visit(false),
    ExportNamedDeclaration: visit(false),
    ExportAllDeclaration: visit(false),
    ImportExpression: visit(true),
  };
}

export default { meta: { name: 'postern' }, rules: { imports: { create } } };
