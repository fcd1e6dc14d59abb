/** Translates the arguments of the original's runtime into those of `postern run`. */

/** Options of ours that a configuration option of the original stands for. */
const renamed: Readonly<Record<string, string>> = { '--b7a.config.file': '--config' };

/** @param args of `gateway`, without the name of the program */
export function originalArguments(args: readonly string[]): string[] {
  const [first = ''] = args;
  if (/^(-h|--help|help)$/.test(first)) return ['run', '--help'];
  if (/^(-V|--version|version)$/.test(first)) return ['--version'];
  const rest = first === 'run' || first === 'start' ? args.slice(1) : args;
  const translated: string[] = ['run'];
  for (let i = 0; i < rest.length; i++) {
    const arg = rest[i] as string;
    // `--echo…` is an option of its own; only `-e` may have its value in the same word.
    const pair = /^(?:-e=?|--e=|--e$)(.*)$/s.exec(arg)?.[1];
    if (pair === undefined) translated.push(rename(arg));
    // `-e key=value`, in one word or in two.
    else if (pair !== '') translated.push(rename(`--${pair}`));
    else if (i + 1 < rest.length) translated.push(rename(`--${rest[++i]}`));
    // Without a value it is an option that `run` doesn't know, and says so.
    else translated.push(arg);
  }
  return translated;
}

function rename(arg: string): string {
  const at = arg.indexOf('=');
  const name = at < 0 ? arg : arg.slice(0, at);
  return Object.hasOwn(renamed, name) ? `${renamed[name]}${at < 0 ? '' : arg.slice(at)}` : arg;
}
