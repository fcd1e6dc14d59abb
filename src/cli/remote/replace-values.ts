/** Replaces values at the top of a YAML or JSON text and leaves every other line where it is, so that messages name the lines of the file. */
import { isDeepStrictEqual } from 'node:util';
import { isMap, isNode, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { readYaml } from '../../platform/yaml-source.ts';

/**
 * @param text of an object
 * @param values JSON by key; a key that is not there is added
 */
export function replaceValues(text: string, values: ReadonlyMap<string, unknown>): string {
  const { contents } = parseDocument(text);
  const edited = isMap(contents) ? edit(text, contents, values) : text;
  const wanted = { ...(readYaml(text).source?.value as object), ...Object.fromEntries(values) };
  // YAML has forms in which this can't be done (an alias to what was replaced): then the lines have to go.
  return isDeepStrictEqual(readYaml(edited).source?.value, wanted) ? edited : JSON.stringify(wanted);
}

function edit(text: string, map: YAMLMap, values: ReadonlyMap<string, unknown>): string {
  const edits: { readonly from: number; readonly to: number; readonly by: string }[] = [];
  const end = map.range?.[1] ?? text.length;
  const isOpen = map.items.length > 0;
  for (const [key, value] of values) {
    const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
    const json = JSON.stringify(value);
    const from = isNode(pair?.key) ? pair.key.range?.[1] : undefined;
    if (from !== undefined) {
      const to = (isNode(pair?.value) ? pair.value.range?.[1] : undefined) ?? from;
      const lines = text.slice(from, to).split('\n').length - 1;
      edits.push({ from, to, by: `: ${json}${'\n'.repeat(lines)}` });
    } else if (map.flow) {
      const at = text.lastIndexOf('}', end - 1);
      edits.push({ from: at, to: at, by: `${isOpen ? ', ' : ''}${JSON.stringify(key)}: ${json}` });
    } else {
      edits.push({ from: end, to: end, by: `${text.slice(0, end).endsWith('\n') ? '' : '\n'}${key}: ${json}\n` });
    }
  }
  let result = text;
  for (const { from, to, by } of edits.toSorted((a, b) => b.from - a.from)) {
    result = result.slice(0, from) + by + result.slice(to);
  }
  return result;
}
