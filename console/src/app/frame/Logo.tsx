/** The linchpin: a pin through an axle, on the thread. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      strokeLinecap="round"
      aria-hidden="true"
      className="shrink-0 text-accent"
    >
      <path d="M1 18h8M23 18h8" stroke="currentColor" strokeWidth={2.4} />
      <circle cx={16} cy={18} r={7} stroke="currentColor" strokeWidth={2.6} />
      <path d="M16 3v26M12.5 3h7" stroke="var(--ink)" strokeWidth={2.6} />
    </svg>
  )
}
