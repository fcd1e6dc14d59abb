/** Tells `--section.key=value`, which is configuration, from the options of a command. */

export interface SplitArguments {
  /** Configuration flags as given, each with its value. */
  readonly flags: string[];
  /** Everything else, in order. */
  readonly rest: string[];
}

/** A flag without `=` takes the next argument as its value, unless that is an option itself. */
export function splitFlags(args: readonly string[]): SplitArguments {
  const flags: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!/^--[A-Za-z][\w-]*\.[^=]/.test(arg)) {
      rest.push(arg);
      continue;
    }
    flags.push(arg);
    const next = args[i + 1];
    if (!arg.includes('=') && next !== undefined && !next.startsWith('-')) {
      flags.push(next);
      i++;
    }
  }
  return { flags, rest };
}
