/** Makes every attempt with all walls and without its own, in as few sandboxes as possible. */
import type { SandboxMode } from "#shared/protocol/sandbox-mode";
import { modesNow } from "../../sandbox/support/modes-now.ts";
import type { EscapeAttempt } from "./attempt.ts";
import type { Cell, CellOutcome } from "./run-cell.ts";

/** The results of one attempt. */
export interface Result {
  readonly attempt: EscapeAttempt;
  /** The outcome with every wall, in each mode that this run tries. */
  readonly contained: ReadonlyMap<SandboxMode, CellOutcome>;
  /** The outcome without the walls it stands behind. */
  readonly freed: CellOutcome;
  /** If there are several walls, the outcome with each of them alone. */
  readonly alone: ReadonlyMap<string, CellOutcome>;
}

/** Sandboxes at work at once. */
const parallel = 3;

interface Round {
  readonly mode: SandboxMode;
  readonly without: readonly string[];
  readonly chosen: readonly EscapeAttempt[];
}

export async function tryAll(cell: Cell, attempts: readonly EscapeAttempt[]): Promise<Result[]> {
  const wanted = attempts.flatMap((attempt) => setupsOf(attempt));
  const outcomes = new Map<string, CellOutcome>();
  const pending = roundsOf(wanted);
  const worker = async () => {
    for (let round = pending.shift(); round !== undefined; round = pending.shift()) {
      const { chosen, mode, without } = round;
      const told = await cell.try(chosen, mode, without);
      for (const [index, attempt] of chosen.entries()) {
        const outcome = told[index];
        if (outcome !== undefined) outcomes.set(keyOf({ attempt, mode, without }), outcome);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  const outcomeOf = (setup: Setup): CellOutcome =>
    outcomes.get(keyOf(setup)) ?? { result: "broken", printed: "never tried" };
  return attempts.map((attempt) => {
    const { mode } = attempt;
    const names = attempt.behind.map(({ name }) => name);
    const others = names.length === 1 ? [] : names;
    return {
      attempt,
      contained: new Map(
        modesNow.map((each) => [each, outcomeOf({ attempt, mode: each, without: [] })]),
      ),
      freed: outcomeOf({ attempt, mode, without: names }),
      alone: new Map(
        others.map((alone) => [
          alone,
          outcomeOf({ attempt, mode, without: names.filter((name) => name !== alone) }),
        ]),
      ),
    };
  });
}

interface Setup {
  readonly attempt: EscapeAttempt;
  readonly mode: SandboxMode;
  readonly without: readonly string[];
}

function setupsOf(attempt: EscapeAttempt): Setup[] {
  const { mode } = attempt;
  const names = attempt.behind.map(({ name }) => name);
  const alone = names.length === 1 ? [] : names.map((one) => names.filter((name) => name !== one));
  return [
    ...modesNow.map((each) => ({ attempt, mode: each, without: [] })),
    ...[names, ...alone].map((missing) => ({ attempt, mode, without: missing })),
  ];
}

/** One sandbox for all attempts that need the same walls and don't make it unusable. */
function roundsOf(setups: readonly Setup[]): Round[] {
  const groups = Map.groupBy(setups, ({ attempt, mode, without }) =>
    JSON.stringify([mode, without, attempt.alone === true ? attempt.name : ""]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { mode, without } = first;
    return [{ mode, without, chosen: group.map(({ attempt }) => attempt) }];
  });
}

function keyOf({ attempt, mode, without }: Setup): string {
  return JSON.stringify([attempt.name, mode, without]);
}

/** A row per attempt, and the line that counts them. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { attempt, contained, freed, alone } = result;
    const seen = [...contained.values(), ...alone.values()].map((outcome) => outcome.result);
    const held = seen.every((each) => each === "contained") ? "contained" : "NOT CONTAINED";
    const works = freed.result === "escaped" ? "effective" : "NOT EFFECTIVE";
    const behind = attempt.behind.map(({ name }) => name).join(" + ");
    return [attempt.control, attempt.name.padEnd(62), held, works, `without ${behind}`].join("  ");
  });
  const count = (wanted: string) => rows.filter((row) => row.includes(`  ${wanted}  `)).length;
  const total = results.length;
  return [
    ...rows,
    `${count("contained")}/${total} contained, ` +
      `${count("effective")}/${total} effective without the defence`,
  ].join("\n");
}
