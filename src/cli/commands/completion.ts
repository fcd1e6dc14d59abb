/** `postern completion SHELL`: a script for a shell, made from the commands and options as they are declared. */
import type { Command, Option } from 'commander';

export type Shell = 'bash' | 'zsh' | 'fish';

export async function completion(shell: Shell, program: Command): Promise<void> {
  process.stdout.write(completionScript(shell, program));
}

export function completionScript(shell: Shell, program: Command): string {
  return scripts[shell](program.name(), tree(program));
}

/** A command, by the words that lead to it. */
interface Node {
  readonly path: readonly string[];
  readonly description: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly Option[];
}

function tree(command: Command, path: readonly string[] = []): Node[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  const commands = children.map((child) => ({ name: child.name(), description: child.description() }));
  const node = { path, description: command.description(), commands, options: command.options };
  return [node, ...children.flatMap((child) => tree(child, [...path, child.name()]))];
}

const scripts: Readonly<Record<Shell, (program: string, nodes: readonly Node[]) => string>> = { bash, zsh, fish };

/** What may stand at a place: commands and the long forms of options. */
function words({ commands, options }: Node): string {
  return [...commands.map(({ name }) => name), ...options.map(({ long }) => long ?? ''), '--help'].join(' ');
}

function functionName(program: string): string {
  return `_${program.replace(/\W/g, '_')}`;
}

/** A shell's pattern for the words that lead to a command. */
function cases(nodes: readonly Node[]): string {
  return nodes.map((node) => `    '${node.path.join(' ')}') words='${words(node)}' ;;`).join('\n');
}

function bash(program: string, nodes: readonly Node[]): string {
  const name = functionName(program);
  return `# Completion of ${program} for bash.
${name}() {
  local word path='' words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) case " ${knownPaths(nodes)} " in *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;; esac ;; esac
  done
  case "\${path//\\// }" in
${cases(nodes)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F ${name} ${program}
`;
}

function zsh(program: string, nodes: readonly Node[]): string {
  const name = functionName(program);
  return `#compdef ${program}
# Completion of ${program} for zsh.
${name}() {
  local word location='' candidates=''
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$word" in -*) ;; *) case " ${knownPaths(nodes)} " in *" \${location:+$location/}$word "*) location="\${location:+$location/}$word" ;; esac ;; esac
  done
  case "\${location//\\// }" in
${cases(nodes).replaceAll('words=', 'candidates=')}
  esac
  compadd -- \${=candidates}
  _files
}
compdef ${name} ${program}
`;
}

function knownPaths(nodes: readonly Node[]): string {
  return nodes.flatMap(({ path }) => (path.length > 0 ? [path.join('/')] : [])).join(' ');
}

function fish(program: string, nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const names = commands.map(({ name }) => name).join(' ');
    const here = names === '' ? seen : `${seen && `${seen}; and `}not __fish_seen_subcommand_from ${names}`;
    const condition = `complete -c ${program} -n '${here || 'true'}'`;
    return [
      ...commands.map(({ name, description }) => `${condition} -f -a ${name} -d '${quoted(description)}'`),
      ...options.flatMap(({ long, description }) =>
        long ? [`${condition} -l ${long.slice(2)} -d '${quoted(description)}'`] : [],
      ),
    ];
  });
  return `# Completion of ${program} for fish.\n${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
