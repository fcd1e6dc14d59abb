/**
 * The form of a backup, the same for every engine: gzip around lines of JSON. A header, files if they are in it, each
 * table with its columns and then a row a line, and at the end a checksum of all the lines before.
 */
import { OperatorError } from '../../../platform/operator-error.ts';

/** A backup can't be written, or is of no use; the message says why. */
export class BackupError extends OperatorError {
  override name = 'BackupError';
}

export const formatName = 'postern-backup';
export const formatVersion = 1;

export interface BackupHeader {
  readonly format: typeof formatName;
  readonly version: number;
  /** Version of the Postern that wrote it. */
  readonly writtenBy: string;
  /** When the state was read, milliseconds since the epoch. */
  readonly atMs: number;
  readonly engine: 'sqlite' | 'postgresql';
  /** The migrations that its rows have the form of. */
  readonly migrations: readonly string[];
  /** Position of the store that it was made of. */
  readonly epoch: string;
  readonly number: number;
}

/** What a column can hold. */
export type Cell = string | number | null;
export type Row = readonly Cell[];

export type BackupLine =
  | { readonly type: 'header'; readonly header: BackupHeader }
  /** A file of the data folder; `content` is base64. */
  | { readonly type: 'file'; readonly path: string; readonly content: string }
  | { readonly type: 'table'; readonly table: string; readonly columns: readonly string[] }
  | { readonly type: 'row'; readonly row: Row };

/** The last line. */
export interface BackupEnd {
  /** Number of rows. */
  readonly rows: number;
  /** Of all lines before, as they stand there, hexadecimal. */
  readonly sha256: string;
}

/** Folders of the data folder that a backup may have files of, and nothing below them. */
export const filePattern = /^(?:keys|certificates)\/[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
