/** Writes a schema's documentation: a reference in Markdown, and a configuration file with every option in a comment. */

import { declared, isNamed, isOption, isTables, type Option, type Property, type Section } from './schema.ts';
import { expectation } from './value.ts';

/** The reference: a table per section. `introduction` is Markdown and follows the heading. */
export function toMarkdown(schema: Section, introduction: string, title = 'Options'): string {
  const parts = [`# ${title}\n\n${introduction}`];
  for (const { header, description, own } of groups(schema)) {
    if (own.length === 0 && description === '') continue;
    if (header !== '') parts.push(`## ${header}\n\n${description}`);
    const rows = own.map(([key, option]) => {
      const names = option.secret ? `\`${key}\`, \`${key}File\`` : `\`${key}\``;
      return `| ${names} | ${expectation(option)} | \`${toml(option.default)}\` | ${meaning(option)} |`;
    });
    if (rows.length > 0)
      parts.push(['| key | value | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n'));
  }
  return `${parts.join('\n\n')}\n`;
}

/** The configuration file. `introduction` is plain text for the comment at its head. */
export function toToml(schema: Section, introduction: string): string {
  const parts = [comment(introduction)];
  for (const { header, description, own, isOpen } of groups(schema)) {
    if (header !== '' && (own.length > 0 || description !== '')) {
      // A section that would be one more of its kind stays a comment with its options.
      parts.push(`${comment(description)}\n${isOpen ? '# ' : ''}${header}`);
    }
    for (const [key, option] of own) {
      parts.push(`${comment(`${meaning(option)} (${expectation(option)})`)}\n# ${key} = ${toml(option.default)}`);
    }
  }
  return `${parts.join('\n\n')}\n`;
}

/** A section with the options that stand in it. */
interface Group {
  /** As a file writes it: `[gateway.cache]`, `[[jwtTokenConfig]]`; empty for the top. */
  readonly header: string;
  readonly description: string;
  readonly own: [key: string, option: Option][];
  /** It stands once for each table, or for each name that a user chooses. */
  readonly isOpen: boolean;
}

function groups(schema: Section): Group[] {
  const top: Group = { header: '', description: schema.description, own: [], isOpen: false };
  const all = [top];
  const byName = new Map<string, Group>([['', top]]);
  for (const { name, property } of declared(schema)) {
    const parent = byName.get(pathOf(name.slice(0, -1))) ?? top;
    if (isOption(property)) {
      parent.own.push([name.at(-1) ?? '', property]);
      continue;
    }
    const path = pathOf(name);
    const group: Group = { ...header(path, property), description: property.description, own: [], isOpen: false };
    const isOpen = isTables(property) || parent.isOpen || /</.test(path);
    byName.set(path, { ...group, isOpen });
    // The names that users choose have one heading, that of the section below them.
    const hidden = isNamed(property) && !isOption(property.additionalProperties);
    if (!hidden) all.push(byName.get(path) as Group);
  }
  return all;
}

function pathOf(name: readonly string[]): string {
  return name.filter((part) => part !== '[]').join('.');
}

function header(path: string, property: Property): { header: string } {
  return { header: isTables(property) ? `[[${path}]]` : `[${path}]` };
}

function meaning({ description, noEffect, notBuilt }: Option): string {
  if (noEffect !== undefined) return `${description} No effect: ${noEffect}`;
  return notBuilt === undefined ? description : `${description} Nothing but the default is accepted: ${notBuilt}.`;
}

function toml(value: Option['default']): string {
  if (value === null) return 'not set';
  // The strings of our defaults need no escape that JSON has and TOML lacks.
  return JSON.stringify(value);
}

/** Lines of at most 100 characters. */
function comment(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/(.{1,97})(\s+|$)/g, '# $1\n').trimEnd());
  return lines.map((line) => (line === '' ? '#' : line)).join('\n');
}
