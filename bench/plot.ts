// Draws the time of a publish against the size of its repository, from a report's JSON:
// `node bench/plot.ts FILE SVG`. Both axes are logarithmic; the curves are medians.
import { readFile, writeFile } from 'node:fs/promises'
import { type EChartsOption, init } from 'echarts'
import type { Row } from './report.ts'

const curves: readonly (readonly [label: string, name: RegExp, color: string])[] = [
  ['apk index --merge', /^apk index --merge of one/, '#b45309'],
  ['publish of noarch, 5 architectures', /^noarch publish/, '#7c3aed'],
  ['publish', /^publish at \d+$/, '#0f766e'],
  ['bare R2 put of the index', /^bare R2 put/, '#6b7280'],
]

export function plotPublish(rows: readonly Row[]): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 420 })
  try {
    chart.setOption(optionOf(rows))
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

function optionOf(rows: readonly Row[]): EChartsOption {
  const axis = { type: 'log', nameLocation: 'middle', nameTextStyle: { color: '#374151' } } as const
  return {
    animation: false,
    backgroundColor: '#ffffff',
    legend: { top: 8, data: curves.map(([label]) => label) },
    grid: { left: 64, right: 24, top: 48, bottom: 56 },
    xAxis: { ...axis, name: 'packages in the repository', nameGap: 32, min: 10 },
    yAxis: { ...axis, name: 'milliseconds, median', nameGap: 44, min: 1 },
    series: curves.map(([name, pattern, color]) => ({
      type: 'line' as const,
      name,
      color,
      symbolSize: 7,
      data: rows
        .filter((row) => pattern.test(row.name) && row.packages !== undefined)
        .map((row) => [row.packages ?? 0, Math.round(row.median * 10) / 10]),
    })),
  }
}

if (import.meta.main) {
  const [source = '', target = ''] = process.argv.slice(2)
  const { rows } = JSON.parse(await readFile(source, 'utf8')) as { rows: Row[] }
  await writeFile(target, plotPublish(rows))
}
