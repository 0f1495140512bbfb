/** The set-up's output: a line per step; on a terminal, a spinner or bar while it works. */
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameIntervalMs = 80;
/** How often a long step reports without a terminal that it is still working. */
const stillWorkingIntervalMs = 15_000;

/** @param {{ quiet: boolean }} options `quiet` leaves out what was ready already. */
export function openTerminal({ quiet }, stream = process.stderr, environment = process.env) {
  const live = Boolean(stream.isTTY) && environment.TERM !== "dumb" && !environment.CI;
  const coloured = environment.FORCE_COLOR
    ? environment.FORCE_COLOR !== "0"
    : Boolean(stream.isTTY) && environment.TERM !== "dumb" && !environment.NO_COLOR;
  const paint = (code) => (text) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text);
  const [bold, dim, red, green, cyan] = [1, 2, 31, 32, 36].map(paint);
  const line = (text) => stream.write(`${text}\n`);

  return {
    bold,
    dim,
    line,
    ready: (title, note) => quiet || line(`  ${green("✓")} ${title} ${dim(note)}`),
    planned: (title, doing) => line(`  ${cyan("•")} ${title} ${dim(doing)}`),
    missing: (sentence) => line(`  ${red("✗")} ${sentence}`),
    /** Shows `title` as in progress; `update` changes the text next to it, `done` ends it. */
    begin(title, doing) {
      const startedAt = Date.now();
      let text = doing;
      let frame = 0;
      const elapsed = () => formatDuration(Date.now() - startedAt);
      const draw = () => {
        frame = (frame + 1) % frames.length;
        stream.write(`\r\x1b[2K  ${cyan(frames[frame])} ${title} ${dim(`${text} · ${elapsed()}`)}`);
      };
      if (!live) line(`  • ${title}: ${doing}`);
      const timer = setInterval(
        live ? draw : () => line(`    still ${text} (${elapsed()})`),
        live ? frameIntervalMs : stillWorkingIntervalMs,
      );
      const end = (mark, note) => {
        clearInterval(timer);
        line(`${live ? "\r\x1b[2K" : ""}  ${mark} ${title} ${dim(note)}`);
      };
      return {
        update: (next) => {
          text = next;
        },
        done: (note) => end(green("✓"), `${note} · ${elapsed()}`),
        failed: () => end(red("✗"), elapsed()),
      };
    },
  };
}

/** 340 → "0.3 s"; 72,000 → "1 min 12 s". */
export function formatDuration(durationMs) {
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  return `${Math.floor(durationMs / 60_000)} min ${Math.round((durationMs % 60_000) / 1000)} s`;
}

/** 0.4 → "████████░░░░░░░░░░░░". */
export function bar(fraction, cells = 20) {
  const filled = Math.min(cells, Math.max(0, Math.round(fraction * cells)));
  return "█".repeat(filled) + "░".repeat(cells - filled);
}
