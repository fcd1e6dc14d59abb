/** Asks whoever sits at the terminal. Where there is none, what is missing has to be said by an option. */
import { createInterface } from 'node:readline/promises';
import { UsageError } from './fail.ts';

/** @param option that would have said it. @throws UsageError without a terminal */
export async function askLine(question: string, option: string): Promise<string> {
  requireTerminal(option);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}

/** As `askLine`; what is typed is not shown. */
export async function askHidden(question: string, option: string): Promise<string> {
  requireTerminal(option);
  const { stdin, stderr } = process;
  stdin.setRawMode(true);
  stderr.write(question);
  stdin.setEncoding('utf8');
  try {
    return await new Promise((resolve) => {
      let typed = '';
      const read = (text: string): void => {
        for (const char of text) {
          if (char === '\r' || char === '\n' || char === '\u0004') {
            stdin.off('data', read);
            resolve(typed);
            return;
          }
          // In raw mode nobody else heeds Ctrl-C.
          if (char === '\u0003') process.exit(130);
          typed = char === '\u007f' || char === '\b' ? typed.slice(0, -1) : typed + char;
        }
      };
      stdin.on('data', read);
      // An earlier question has paused it.
      stdin.resume();
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

function requireTerminal(option: string): void {
  if (!process.stdin.isTTY) throw new UsageError(`${option} is missing, and there is no terminal to ask at`);
}
