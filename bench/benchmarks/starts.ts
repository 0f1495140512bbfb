import type { Bench, Figure, Row } from "../figure.ts";
import { keyCheckCpuMs } from "../key-check.ts";
import { openStage, type Stage, type Started } from "../start-stage.ts";
import { median } from "../statistics.ts";

const rounds = { short: 1, full: 3 };
const processes = 4;
const baseline = "1 caller, plain transaction";

/** The load of each round: how many starts, by how many callers, on how many processes. */
const crowds = {
  plain: { starts: 60, callers: 1, processes: 0 },
  one: { starts: 60, callers: 1, processes: 1 },
  eight: { starts: 120, callers: 8, processes: 1 },
  many: { starts: 240, callers: 32, processes: 1 },
  spread: { starts: 240, callers: 32, processes },
} as const;
type Name = keyof typeof crowds;
const names = ["plain", "one", "eight", "many", "spread"] as const satisfies readonly Name[];
type Through = "door" | "gate";
type Played = Readonly<Record<Name, readonly Started[]>>;

/** Executions started on one account, with every write of a real start but nothing to run. */
export const starts: Figure = {
  name: "starts",
  title: "Executions started on one account",
  async run(bench) {
    const stage = await openStage(bench, processes);
    try {
      const door = await playRounds(bench, stage, "door");
      const gate = await playRounds(bench, stage, "gate");
      const rows = [...rowsOf(gate, "gate"), ...rowsOf(door, "door")];
      return [...rows, overspentRow([gate, door]), await keyCheckRow(bench)];
    } finally {
      await stage.close();
    }
  },
};

async function playRounds({ effort }: Bench, stage: Stage, through: Through): Promise<Played> {
  const played: Record<Name, Started[]> = { plain: [], one: [], eight: [], many: [], spread: [] };
  // The first round only warms up.
  for (let round = 0; round <= rounds[effort]; round += 1) {
    for (const name of names) {
      const started = await stage.play({ ...crowds[name], through });
      if (round > 0) played[name].push(started);
    }
  }
  return played;
}

function rowsOf(played: Played, through: Through): Row[] {
  const middle = (name: Name, figure: "perSecond" | "p50Ms" | "p99Ms") =>
    median(played[name].map((started) => started[figure]));
  const rate = (what: string, name: Name, atLeast?: number): Row => ({
    what: `${through}: ${what}`,
    unit: "/s",
    value: middle(name, "perSecond"),
    baseline: { what: baseline, value: middle("plain", "perSecond") },
    ...(atLeast === undefined ? {} : { goal: { of: "ratio", atLeast } }),
  });
  const wait = (callers: string, name: Name): Row[] =>
    (["p50Ms", "p99Ms"] as const).map((figure) => ({
      what: `${through}: ${callers}, ${figure.slice(0, 3)}`,
      unit: "ms",
      value: middle(name, figure),
      baseline: { what: baseline, value: middle("plain", figure) },
    }));
  return [
    rate("1 caller", "one"),
    rate("8 callers", "eight"),
    rate("32 callers", "many", 10),
    rate(`32 callers over ${processes} processes`, "spread", 4),
    ...wait("1 caller", "one"),
    ...wait("8 callers", "eight"),
    ...wait("32 callers", "many"),
  ];
}

function overspentRow(all: readonly Played[]): Row {
  const started = all.flatMap((played) => Object.values(played).flat());
  const value = started.reduce((sum, { overspentMicrousd }) => sum + overspentMicrousd, 0);
  return { what: "overspent, all rounds", unit: "µ$", value, goal: { of: "value", atMost: 0 } };
}

async function keyCheckRow(bench: Bench): Promise<Row> {
  const value = await keyCheckCpuMs(bench);
  return { what: "warm key check, CPU", unit: "ms", value, goal: { of: "value", atMost: 0.1 } };
}
