/** The error form of the REST APIs: what their published definitions call `Error`. */
import { STATUS_CODES } from 'node:http';

/** One of several things that are wrong with a request. */
export interface ErrorItem {
  readonly code: string;
  readonly message: string;
}

export interface ErrorBody {
  readonly code: number;
  readonly message: string;
  readonly description: string;
  readonly moreInfo: string;
  readonly error: readonly ErrorItem[];
}

/** `description` is public: it says what was wrong and what was expected, and holds no secret. */
export function errorBody(status: number, description: string, error: readonly ErrorItem[] = []): ErrorBody {
  return { code: status, message: STATUS_CODES[status] ?? 'Error', description, moreInfo: '', error };
}

/** Thrown by a route to refuse a request. */
export class RestError extends Error {
  override name = 'RestError';
  readonly status: number;
  readonly items: readonly ErrorItem[];
  readonly headers: Readonly<Record<string, string>>;
  /** Whether somebody else tells the log of its cause: one that lasts would be told with every request. */
  readonly isLogged: boolean = false;

  constructor(
    status: number,
    description: string,
    items: readonly ErrorItem[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(description);
    this.status = status;
    this.items = items;
    this.headers = headers;
  }
}
