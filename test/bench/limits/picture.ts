/**
 * The picture of the page about performance: for each work a bar for the limit, ours and the rivals', all as multiples of
 * the limit. Plain SVG without scripts or fonts of its own; a renderer without `prefers-color-scheme` shows the light one.
 */
import type { Bar, Breakdown, Spent } from './breakdown.ts'
import { element, type Xml } from './element.ts'

const width = 960
const left = 260
/** Where bars end, so that their numbers fit behind them. */
const right = 790
/** Bars longer than so many limits are broken. */
const widest = 8
const barHeight = 16
const barStep = 22
const headHeight = 42
const groupGap = 18
const top = 92

/** Names, and where the legend has them. */
const legend: readonly (readonly [Spent, string, number])[] = [
  ['system', 'the system alone', 24],
  ['digests', 'digests from memory', 164],
  ['own', 'our own work', 326],
  ['start', 'start, with nothing to do', 446],
  ['around', 'Node around it', 640],
  ['rival', 'rivals', 774],
]
const legendOfMarks = 760

/** Colours that differ in lightness too; first on light paper, then on dark. */
const style = `
text{font:13px system-ui,sans-serif;fill:#1f2328}
.head{font-weight:600;font-size:14px}.name{text-anchor:end}.faint{fill:#59636e}
.number{stroke:#ffffff;stroke-width:4;paint-order:stroke}.paper{fill:#ffffff}.limit{stroke:#1f2328;stroke-width:1}.allowed{stroke:#1f2328;stroke-width:2}.break{stroke:#ffffff;stroke-width:3}
.system{fill:#9aa4ae}.digests{fill:#0969da}.own{fill:#c4432b}.start{fill:#e3a008}.around{fill:#2f8f88}.rival{fill:#c3b1de}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.faint{fill:#9198a1}.number{stroke:#0d1117}.paper{fill:#0d1117}.limit,.allowed{stroke:#e6edf3}.break{stroke:#0d1117}
.system{fill:#6e7781}.digests{fill:#4493f8}.own{fill:#f2725b}.start{fill:#d29922}.around{fill:#3fb5ac}.rival{fill:#7d68a6}
}
`

/** The whole file. */
export function picture(breakdowns: readonly Breakdown[], machine: string): string {
  let y = top
  const groups = breakdowns.map((one) => {
    const drawn = group(one, y)
    y += heightOf(one)
    return drawn
  })
  const description = breakdowns.map(described).join(' ')
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${y}`,
      width,
      height: y,
      role: 'img',
      'aria-labelledby': 'title description',
    },
    element('title', { id: 'title' }, 'CPU-seconds of threecx-hunter and of rivals, as multiples of the limit'),
    element('desc', { id: 'description' }, description),
    element('style', {}, style),
    element('rect', { class: 'paper', width, height: y }),
    label(24, 30, 'Where the CPU-seconds go; the limit is 1', 'head'),
    label(24, 50, machine, 'faint'),
    ...legend.flatMap(([spent, name, x]) => [
      element('rect', { class: spent, x, y: 62, width: 12, height: 12 }),
      label(x + 18, 73, name),
    ]),
    element('line', { class: 'allowed', x1: legendOfMarks, x2: legendOfMarks, y1: 37, y2: 53 }),
    label(legendOfMarks + 10, 50, 'most that meets a target'),
    ...groups,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.xml.replaceAll('><', '>\n<')}\n`
}

function heightOf({ bars }: Breakdown): number {
  return headHeight + bars.length * barStep + groupGap
}

function group(one: Breakdown, y: number): Xml {
  const unit = one.bars[0]?.seconds ?? Number.NaN
  const first = y + headHeight
  const bottom = first + one.bars.length * barStep - (barStep - barHeight)
  return element(
    'g',
    {},
    label(24, y + 16, one.title, 'head'),
    label(24, y + 33, `the limit: ${one.limit}`, 'faint'),
    ...one.bars.flatMap((bar, at) => drawnBar(bar, unit, first + at * barStep)),
    element('line', { class: 'limit', x1: xOf(1), x2: xOf(1), y1: first - 3, y2: bottom + 3 }),
    ...marks(one, unit, first),
    ...one.bars.map((bar, at) => numberOf(bar, unit, first + at * barStep)),
  )
}

/** A tick across our bars for each target: they meet it when they end before it. */
function marks({ bars, allowed }: Breakdown, unit: number, first: number): Xml[] {
  const ours = bars.filter((bar) => bar.pieces.every(({ spent }) => spent !== 'rival')).length
  return allowed
    .filter(({ seconds }) => seconds / unit <= widest)
    .map(({ seconds, label: name }) =>
      element(
        'line',
        {
          class: 'allowed',
          x1: xOf(seconds / unit),
          x2: xOf(seconds / unit),
          y1: first + barStep - 3,
          y2: first + ours * barStep - 3,
        },
        element('title', {}, `the target, by ${name}: ${(seconds / unit).toFixed(2)}`),
      ),
    )
}

function drawnBar({ name, pieces, seconds }: Bar, unit: number, y: number): Xml[] {
  const times = seconds / unit
  const isBroken = times > widest
  let from = 0
  const rectangles = pieces.map((piece) => {
    const to = from + piece.seconds / unit
    const [x, end] = [xOf(from), xOf(to)]
    from = to
    return element(
      'rect',
      { class: piece.spent, x, y, width: Math.max(end - x, 0), height: barHeight },
      element('title', {}, `${name}, ${nameOf(piece.spent)}: ${piece.seconds.toFixed(3)} s`),
    )
  })
  const broken = [0, 8].map((at) =>
    element('line', { class: 'break', x1: right - 34 + at, x2: right - 26 + at, y1: y + barHeight + 2, y2: y - 2 }),
  )
  return [label(left - 8, y + 12, name, 'name'), ...rectangles, ...(isBroken ? broken : [])]
}

/** Behind the bar, and above the marks, which may be there too. */
function numberOf({ seconds }: Bar, unit: number, y: number): Xml {
  const times = seconds / unit
  const words = `${times.toFixed(2)}  (${seconds.toFixed(seconds < 0.1 ? 3 : 2)} s)`
  return label(xOf(times) + 8, y + 12, words, 'number')
}

/** Where so many limits are. */
function xOf(times: number): number {
  return left + (Math.min(times, widest) / widest) * (right - left)
}

function label(x: number, y: number, words: string, kind?: string): Xml {
  return element('text', { x, y, ...(kind !== undefined && { class: kind }) }, words)
}

function nameOf(spent: Spent): string {
  return legend.find(([one]) => one === spent)?.[1] ?? spent
}

/** The same in words, for who cannot see it. */
function described({ title, bars }: Breakdown): string {
  const unit = bars[0]?.seconds ?? Number.NaN
  const words = bars.slice(1).map(({ name, seconds }) => `${name} ${(seconds / unit).toFixed(2)}`)
  return `${title}: ${words.join(', ')} times the limit.`
}
