/** Writes a schema's documentation: a reference in Markdown, and a configuration file with every option in a comment. */

import { type Option, options, type Section, sections } from './schema.ts';
import { expectation } from './value.ts';

/** The reference: a table per section. `introduction` is Markdown and follows the heading. */
export function toMarkdown(schema: Section, introduction: string): string {
  const parts = [`# Options\n\n${introduction}`];
  for (const [name, section] of [['', schema] as const, ...sections(schema)]) {
    const rows = ownOptions(section).map(([key, option]) => {
      const names = option.secret ? `\`${key}\`, \`${key}File\`` : `\`${key}\``;
      return `| ${names} | ${expectation(option)} | \`${toml(option.default)}\` | ${option.description} |`;
    });
    if (rows.length === 0 && section.description === '') continue;
    if (name !== '') parts.push(`## [${name}]\n\n${section.description}`);
    if (rows.length > 0)
      parts.push(['| key | value | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n'));
  }
  return `${parts.join('\n\n')}\n`;
}

/** The configuration file. `introduction` is plain text for the comment at its head. */
export function toToml(schema: Section, introduction: string): string {
  const parts = [comment(introduction)];
  for (const [name, section] of [['', schema] as const, ...sections(schema)]) {
    const own = ownOptions(section);
    if (name !== '' && (own.length > 0 || section.description !== '')) {
      parts.push(`${comment(section.description)}\n[${name}]`);
    }
    for (const [key, option] of own) {
      parts.push(`${comment(`${option.description} (${expectation(option)})`)}\n# ${key} = ${toml(option.default)}`);
    }
  }
  return `${parts.join('\n\n')}\n`;
}

function ownOptions(section: Section): [key: string, option: Option][] {
  return [...options(section)].filter(([name]) => !name.includes('.'));
}

function toml(value: Option['default']): string {
  // The strings of our defaults need no escape that JSON has and TOML lacks.
  return JSON.stringify(value);
}

/** Lines of at most 100 characters. */
function comment(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/(.{1,97})(\s+|$)/g, '# $1\n').trimEnd());
  return lines.map((line) => (line === '' ? '#' : line)).join('\n');
}
