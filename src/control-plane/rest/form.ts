/** A multipart body (RFC 7578): small fields and files, held in memory. */
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { RestError } from '../../platform/rest-error.ts';
import type { OperationDefinition } from './definition.ts';

export interface FormFile {
  /** As the client called it; may be empty, and is not to be trusted as a path. */
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

export class Form {
  readonly #fields = new Map<string, string>();
  readonly #files = new Map<string, FormFile>();

  static readonly empty = new Form();

  /** A text field; a file sent in its place counts as text. Undefined when it was not sent. */
  text(name: string): string | undefined {
    return this.#fields.get(name) ?? this.#files.get(name)?.bytes.toString('utf8');
  }

  /** A file; text sent in its place counts as one without name. Undefined when it was not sent. */
  file(name: string): FormFile | undefined {
    const text = this.#fields.get(name);
    return this.#files.get(name) ?? (text === undefined ? undefined : { name: '', type: '', bytes: Buffer.from(text) });
  }

  /**
   * Reads the parts that an operation takes.
   * @throws RestError 400 when the body is no multipart form, is cut off, has an unknown or repeated part, or lacks one
   */
  static async read(request: FastifyRequest, parts: OperationDefinition['form']): Promise<Form> {
    const form = new Form();
    const known = new Map(parts.map((part) => [part.name, part]));
    for await (const part of partsOf(request)) {
      const { fieldname } = part;
      if (form.#fields.has(fieldname) || form.#files.has(fieldname)) {
        throw new RestError(400, `The part ${JSON.stringify(fieldname)} was sent more than once.`);
      }
      if (part.type === 'file') {
        form.#files.set(fieldname, { name: part.filename, type: part.mimetype, bytes: await bytesOf(part) });
      } else {
        if (part.valueTruncated) throw new RestError(413, `The part ${fieldname} is too large.`);
        form.#fields.set(fieldname, String(part.value));
      }
      if (!known.has(fieldname)) {
        const names = parts.map((one) => one.name).join(', ');
        throw new RestError(400, `Unknown part ${JSON.stringify(fieldname)}; expected: ${names}.`);
      }
    }
    for (const { name, required } of parts) {
      if (required && form.file(name) === undefined) throw new RestError(400, `The part ${name} is missing.`);
    }
    return form;
  }
}

async function* partsOf(request: FastifyRequest) {
  try {
    yield* request.parts();
  } catch (error) {
    throw refusal(error);
  }
}

async function bytesOf(file: MultipartFile): Promise<Buffer> {
  try {
    return await file.toBuffer();
  } catch (error) {
    throw refusal(error);
  }
}

/** The reader's own complaints, such as of a body that is cut off, have no status. */
function refusal(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RestError || 'statusCode' in error) return error;
  return new RestError(400, `The multipart body can not be read: ${error.message}.`);
}
