/** The contests as bars, in SVG: medians with their intervals, a group for each scenario. */
import type { ContenderResult } from './contest.ts';
import type { Report } from './report.ts';

const [width, left, right, bar, gap] = [960, 230, 240, 16, 46] as const;
const colours = { ours: '#1f6f8b', others: '#a9b4bd' } as const;

export function chart({ machine, scenarios, rounds }: Report): string {
  const parts: string[] = [];
  let y = 70;
  for (const { name, about, contest } of scenarios) {
    if (!contest) continue;
    const { contenders, unit } = contest;
    const longest = Math.max(...contenders.map(({ time }) => time.high));
    const scale = (width - left - right) / longest;
    parts.push(text(16, y + 4, `${name}: ${about}`, 'bold'));
    y += 14;
    for (const contender of contenders) {
      parts.push(...row(contender, unit, scale, y));
      y += bar + 4;
    }
    y += gap - 14;
  }
  const title = text(
    16,
    24,
    `Processor time of the gateway beside its peers, medians of ${rounds} rounds with 95 % intervals`,
    'bold',
  );
  const facts = Object.entries(machine).map(([what, which]) => `${what}: ${which}`);
  const where = [facts.slice(0, 3), facts.slice(3)].map((some, line) =>
    text(16, 40 + 13 * line, some.join(' · '), 'small'),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="sans-serif" font-size="12">
<style>.bold{font-weight:bold}.small{font-size:9px}.end{text-anchor:end}</style>
<rect width="${width}" height="${y}" fill="#ffffff"/>
${[title, ...where, ...parts].join('\n')}
</svg>
`;
}

function row({ name, time, ratios }: ContenderResult, unit: string, scale: number, y: number): string[] {
  const at = (value: number): string => (left + value * scale).toFixed(1);
  const middle = y + bar / 2;
  const ratio = ratios.find(({ beside }) => beside !== name);
  const label = `${time.median.toFixed(1)} ${unit}${ratio ? ` (${ratio.median.toFixed(2)} x ${ratio.beside})` : ''}`;
  return [
    text(left - 8, middle + 4, name, 'end'),
    `<rect x="${left}" y="${y}" width="${(time.median * scale).toFixed(1)}" height="${bar}" fill="${name.startsWith('postern') ? colours.ours : colours.others}"/>`,
    `<path d="M${at(time.low)} ${middle}H${at(time.high)}M${at(time.low)} ${middle - 4}v8M${at(time.high)} ${middle - 4}v8" stroke="#222222" fill="none"/>`,
    text(Number(at(time.high)) + 6, middle + 4, label, 'small'),
  ];
}

const text = (x: number, y: number, content: string, style: string): string =>
  `<text x="${x}" y="${y}" class="${style}">${content.replace(/[&<>]/g, (one) => `&#${one.charCodeAt(0)};`)}</text>`;
