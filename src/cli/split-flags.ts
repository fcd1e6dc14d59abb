/** Tells `--section.key=value`, which is configuration, from the options of a command. */

export interface SplitArguments {
  /** Configuration flags, each with its value if it has one: `--section.key=value`. */
  readonly flags: string[];
  /** Everything else, in order. */
  readonly rest: string[];
}

/** The name of a configuration flag has a dot in it, or is that of an endpoint's address or credentials. */
const flag = /^--(?:[A-Za-z][\w-]*\.[^=]|[^=]+_(?:prod|sand)_(?:endpoint_\d+|basic_(?:username|password))(?:=|$))/;

/** A flag without `=` takes the next argument as its value, unless that is an option itself. */
export function splitFlags(args: readonly string[]): SplitArguments {
  const flags: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!flag.test(arg)) {
      rest.push(arg);
      continue;
    }
    const next = args[i + 1];
    if (arg.includes('=') || next === undefined || next.startsWith('-')) flags.push(arg);
    else {
      flags.push(`${arg}=${next}`);
      i++;
    }
  }
  return { flags, rest };
}
