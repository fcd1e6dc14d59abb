/** The thread of `read-apart.ts`: reads one definition after the other. */
import { parentPort } from 'node:worker_threads';
import { readOpenApi } from './read-open-api.ts';

export interface Question {
  readonly text: string;
  readonly file: string;
}

/** Read first, for what is loaded then: a definition's time is its own. */
const first = { openapi: '3.0.1', info: { title: 'First', version: '1' }, paths: {} };
await readOpenApi(JSON.stringify(first), '');

parentPort?.on('message', (question: Question) => void answer(question));
parentPort?.postMessage('ready');

async function answer({ text, file }: Question): Promise<void> {
  // What only this thread can use, the syntax tree, stays here.
  const { document, problems } = await readOpenApi(text, file);
  parentPort?.postMessage({ document, problems });
}
