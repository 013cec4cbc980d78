import type { Mark } from './mark'

/** The colour of a mark, as a token. */
export const MARK_COLOUR: Record<Mark, string> = {
  accepted: 'var(--accepted)',
  pending: 'var(--quiet)',
  running: 'var(--running)',
  waiting: 'var(--waiting)',
  succeeded: 'var(--succeeded)',
  recovered: 'var(--failed)',
  failed: 'var(--failed)',
  dead: 'var(--dead)',
  cancelled: 'var(--accepted)',
  skipped: 'var(--quiet)',
  filtered: 'var(--accepted)',
}

/** How far from a mark's middle the thread ends, at full size. */
export const CLEAR = 7

/** A mark as part of a drawing, around a point. */
export function Shape({ mark, x, y, scale = 1 }: ShapeProps) {
  return (
    <g transform={`translate(${x} ${y}) scale(${scale})`} style={{ color: MARK_COLOUR[mark] }}>
      {SHAPES[mark]}
    </g>
  )
}

interface ShapeProps {
  mark: Mark
  x: number
  y: number
  scale?: number
}

const line = { fill: 'none', stroke: 'currentColor', strokeWidth: 1.6, strokeLinecap: 'round' } as const

const SHAPES: Record<Mark, React.ReactNode> = {
  accepted: <circle r={4} {...line} />,
  pending: <circle r={2.4} {...line} />,
  running: (
    <>
      <circle r={4.2} {...line} opacity={0.3} />
      <g className="turning">
        <circle r={4.2} fill="none" stroke="none" />
        <path d="M0 -4.2 A4.2 4.2 0 0 1 4.2 0" {...line} />
      </g>
      <circle r={1.7} fill="currentColor" />
    </>
  ),
  waiting: (
    <>
      <circle r={4} {...line} />
      <path d="M0 -4 A4 4 0 0 0 0 4 Z" fill="currentColor" />
    </>
  ),
  succeeded: <circle r={4.4} fill="currentColor" />,
  recovered: <path d="M0 -4.8 L4.8 0 L0 4.8 L-4.8 0 Z" {...line} strokeLinejoin="round" />,
  failed: (
    <path
      d="M0 -5.4 L5.4 0 L0 5.4 L-5.4 0 Z"
      fill="currentColor"
      stroke="currentColor"
      strokeWidth={0.8}
      strokeLinejoin="round"
    />
  ),
  dead: (
    <path
      d="M-3.6 -3.6 L3.6 3.6 M3.6 -3.6 L-3.6 3.6"
      fill="none"
      stroke="currentColor"
      strokeWidth={2.6}
      strokeLinecap="square"
    />
  ),
  cancelled: (
    <>
      <circle r={4} {...line} />
      <path d="M-2.7 2.7 L2.7 -2.7" {...line} />
    </>
  ),
  skipped: <path d="M-3 0 H3" {...line} />,
  filtered: <path d="M-4.4 -3 H4.4 L0 4.4 Z" {...line} strokeLinejoin="round" />,
}

/** A mark by itself, beside a word that says the same. */
export function MarkIcon({ mark, size = 14 }: { mark: Mark; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="-7 -7 14 14" aria-hidden="true" className="shrink-0">
      <Shape mark={mark} x={0} y={0} />
    </svg>
  )
}
