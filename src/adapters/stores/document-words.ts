/** Which documents somebody reads, and what is found in them: conditions on `documents as d`. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { RestError } from '../../platform/rest-error.ts';

/** Who reads documents. */
export interface DocumentReader {
  /** `name@tenant`; null = nobody is logged in. */
  readonly user: string | null;
  /** Whether he is on the publishers' side, for which documents that are `PRIVATE` are. */
  readonly isPublisher: boolean;
}

/** Everybody's; for publishers those of publishers, too; and one's own. */
export function isReadable({ user, isPublisher }: DocumentReader): RawBuilder<SqlBool> {
  const open = isPublisher ? ['API_LEVEL', 'PRIVATE'] : ['API_LEVEL'];
  const own = user === null ? sql`` : sql` or d.created_by = ${user}`;
  return sql<SqlBool>`(d.visibility in (${sql.join(open)})${own})`;
}

/** Characters that are searched of a text, those of a word, and words: looking takes the time of their product. */
const searched = 65_536;
const longestWord = 40;
const mostWords = 5;

/** @throws RestError 400 when these are too many words to be looked for in documents */
export function refuseManyWords(words: number): void {
  if (words <= mostWords) return;
  throw new RestError(400, `query: ${words} words are to be found in documents; expected ${mostWords} at most.`);
}

/**
 * Whether name, summary or the beginning of the text are like a pattern; files are not looked into.
 * @throws RestError 400 when the pattern is too long
 */
export function documentHas(pattern: string): RawBuilder<SqlBool> {
  if (pattern.length > longestWord + 2) {
    throw new RestError(400, `query: a word that is looked for in documents has ${longestWord} characters at most.`);
  }
  return sql<SqlBool>`(lower(d.name) like ${pattern} escape '\\' or lower(d.summary) like ${pattern} escape '\\'
    or (d.source_type <> 'FILE' and lower(substr(d.content, 1, ${sql.lit(searched)})) like ${pattern} escape '\\'))`;
}
