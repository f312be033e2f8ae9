import { type CodeRow, geometricMean } from './code.ts';

const COLOURS = ['#1f6fb2', '#5aa9e6', '#8e6c8a', '#c8763c', '#4f8f5b', '#a63d40'];
const LEFT = 130;
const WIDTH = 620;
const BAR = 9;
const GAP = 10;
const TOP = 60;

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** Bars of each competitor's ratio to native on a logarithmic axis, one group a workload. */
export function plot(rows: readonly CodeRow[], shown: readonly string[]): string {
  const groups = [
    ...rows.map(({ workload, measurements }) => ({
      label: workload,
      ratios: shown.map((name) => measurements.find((one) => one.competitor === name)?.ratio),
    })),
    { label: 'geometric mean', ratios: shown.map((name) => geometricMean(rows, name)) },
  ];
  const ratios = groups.flatMap((group) => group.ratios.filter((ratio) => ratio !== undefined));
  const low = Math.min(0.5, ...ratios) * 0.9;
  const high = Math.max(2, ...ratios) * 1.1;
  const x = (ratio: number) => LEFT + (WIDTH * Math.log(ratio / low)) / Math.log(high / low);
  const groupHeight = shown.length * BAR + GAP;
  const height = TOP + groups.length * groupHeight + 30;
  const ticks = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128].filter(
    (tick) => tick > low && tick < high,
  );
  const lines: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 60}" height="${height}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${LEFT}" y="18" font-size="13">Time of a run, as a ratio to clang -O3 (shorter is better)</text>`,
  ];
  shown.forEach((name, index) => {
    const at = LEFT + index * 110;
    lines.push(
      `<rect x="${at}" y="30" width="10" height="10" fill="${COLOURS[index % COLOURS.length]}"/>`,
      `<text x="${at + 15}" y="39">${escapeText(name)}</text>`,
    );
  });
  for (const tick of ticks) {
    const at = x(tick).toFixed(1);
    const colour = tick === 1 ? '#333333' : '#dddddd';
    lines.push(
      `<line x1="${at}" x2="${at}" y1="${TOP - 6}" y2="${height - 22}" stroke="${colour}"/>`,
      `<text x="${at}" y="${height - 8}" text-anchor="middle">${tick}</text>`,
    );
  }
  groups.forEach(({ label, ratios: values }, group) => {
    const top = TOP + group * groupHeight;
    lines.push(
      `<text x="${LEFT - 8}" y="${top + (groupHeight - GAP) / 2 + 4}" text-anchor="end">${escapeText(label)}</text>`,
    );
    values.forEach((ratio, index) => {
      if (ratio === undefined) return;
      const from = Math.min(x(1), x(ratio));
      const width = Math.max(1, Math.abs(x(ratio) - x(1)));
      const y = top + index * BAR;
      lines.push(
        `<rect x="${from.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 1}" fill="${COLOURS[index % COLOURS.length]}"/>`,
        `<text x="${(Math.max(x(1), x(ratio)) + 3).toFixed(1)}" y="${y + BAR - 1}" font-size="9">${ratio.toFixed(2)}</text>`,
      );
    });
  });
  lines.push('</svg>');
  return `${lines.join('\n')}\n`;
}
