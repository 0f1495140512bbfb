/**
 * Reads the instructions that an environment may add to its build: RUN, ENV and WORKDIR, in the
 * Dockerfile format. A build makes one layer as the sandbox's user, so nothing else has a meaning.
 */
import { layerFolder } from "../../protocol/sandbox-paths.ts";
import { fitsVariable, variableTooLong } from "../executions/variable-size.ts";
import { expandedWord, wordsOf } from "./dockerfile-words.ts";

export type Instruction =
  | { readonly type: "run"; readonly script: string; readonly folder: string }
  | { readonly type: "env"; readonly key: string; readonly value: string };

export interface ReadDockerfile {
  /** In their order. A folder that WORKDIR names applies to what follows it. */
  readonly instructions: readonly Instruction[];
  /** Why it can't be built, a sentence per line; empty if it can. */
  readonly faults: readonly string[];
}

interface Line {
  readonly number: number;
  readonly text: string;
}

/** What all values of ENV and folders of WORKDIR may have: each may repeat the ones before. */
const valuesLengthMax = 65_536;
const pathLengthMax = 4_096;
const tooMuch = { fault: `makes values of more than ${valuesLengthMax} characters in all` };
const tooFar = {
  fault: `makes values and folders of more than ${valuesLengthMax} characters in all`,
};
const noFolder = { fault: "needs a folder, with a short path" };
/** A backslash at the end of a line goes on with the next, unless another one escapes it. */
const continuation = /(^|[^\\])\\[ \t]*$/;
/** Further faults aren't looked for: lists of environments read all of their instructions. */
const faultsMax = 20;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const otherInstructions: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ADD: "files come from the workspace, which a build doesn't see",
    COPY: "files come from the workspace, which a build doesn't see",
    FROM: "every environment has the deployment's own image",
    USER: "a build runs as the sandbox's user",
    CMD: "an execution runs what its message says",
    ENTRYPOINT: "an execution runs what its message says",
    EXPOSE: "a sandbox takes no connections",
    VOLUME: "only the workspace is kept",
  }),
);

/** @param known Variables that ENV may refer to; others are empty, as in Docker. */
export function readDockerfile(
  text: string,
  known: ReadonlyMap<string, string> = new Map(),
): ReadDockerfile {
  const variables = new Map(known);
  const instructions: Instruction[] = [];
  const faults: string[] = [];
  let folder: string = layerFolder;
  let room = valuesLengthMax;
  for (const { number, text: line } of joinedLines(text)) {
    if (faults.length === faultsMax) break;
    const [word = ""] = line.split(/\s/, 1);
    const name = word.toUpperCase();
    const argument = line.slice(word.length).trim();
    const refuse = (why: string) => faults.push(`Line ${number}: ${name} ${why}.`);
    if (name === "RUN") {
      const script = scriptOf(argument);
      if (script === null) refuse("needs a command, and takes no options");
      else instructions.push({ type: "run", script, folder });
    } else if (name === "ENV") {
      const pairs = pairsOf(argument);
      if (pairs === null) refuse("must be KEY=value");
      const values: (readonly [string, string])[] = [];
      for (const [key, raw] of pairs ?? []) {
        const value = expandedWord(raw, variables, room, tooMuch);
        if (typeof value !== "string") {
          refuse(value.fault);
          break;
        }
        if (!fitsVariable(key, value)) {
          refuse(`makes ${key}, which ${variableTooLong}`);
          break;
        }
        room -= value.length;
        values.push([key, value]);
      }
      // Those of one line don't see each other.
      for (const [key, value] of values) {
        variables.set(key, value);
        instructions.push({ type: "env", key, value });
      }
    } else if (name === "WORKDIR") {
      const named = expandedWord(argument, variables, pathLengthMax, noFolder);
      // Before it is resolved, which takes as long as both are.
      if (typeof named === "string") room -= folder.length + named.length;
      if (room < 0) {
        refuse(tooFar.fault);
        break;
      }
      const next = resolved(folder, typeof named === "string" ? named : "");
      if (argument === "") refuse(noFolder.fault);
      else if (typeof named !== "string") refuse(named.fault);
      else if (isInLayer(next)) folder = next;
      else refuse(`must name a folder below ${layerFolder}, where a build may write`);
    } else {
      const why = otherInstructions.get(name);
      refuse(
        why === undefined ? "isn't supported: RUN, ENV and WORKDIR are" : `isn't supported: ${why}`,
      );
    }
  }
  return { instructions, faults };
}

/** An absolute path without `.` and `..`; nothing is above the root. */
function resolved(folder: string, path: string): string {
  const segments: string[] = [];
  const whole = path.startsWith("/") ? path : `${folder}/${path}`;
  for (const segment of whole.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

function isInLayer(path: string): boolean {
  if (path.length > pathLengthMax) return false;
  return path === layerFolder || path.startsWith(`${layerFolder}/`);
}

/**
 * Joins lines that end in a backslash, as they are: words may go on in the next line. Drops
 * comments and empty lines.
 */
function joinedLines(text: string): Line[] {
  const lines: Line[] = [];
  let open: Line | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const begun: Line = open ?? { number: index + 1, text: "" };
    const joined = { ...begun, text: begun.text + raw.replace(continuation, "$1") };
    open = continuation.test(raw) ? joined : null;
    if (open === null) lines.push(trimmed(joined));
  }
  return open === null ? lines : [...lines, trimmed(open)];
}

function trimmed({ number, text }: Line): Line {
  return { number, text: text.trim() };
}

/** The exec form is a JSON list of words; null if it is malformed or names options of a builder. */
function scriptOf(argument: string): string | null {
  if (argument === "" || argument.startsWith("--")) return null;
  if (!argument.startsWith("[")) return argument;
  const words = parsedList(argument);
  return words === null ? argument : words.map(quoted).join(" ");
}

function parsedList(text: string): string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || value.length === 0) return null;
    return value.every((word) => typeof word === "string") ? value : null;
  } catch {
    return null;
  }
}

/** A word for a shell, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** `KEY=value KEY="another value"`, or the older `KEY all the rest`. */
function pairsOf(argument: string): (readonly [string, string])[] | null {
  const words = wordsOf(argument);
  const [first = ""] = words;
  if (!first.includes("=")) {
    const value = argument.slice(first.length).trim();
    return variableName.test(first) && value !== "" ? [[first, value]] : null;
  }
  const pairs = words.map((word): readonly [string, string] => {
    const end = word.indexOf("=");
    return [word.slice(0, Math.max(0, end)), word.slice(end + 1)];
  });
  return pairs.every(([key]) => variableName.test(key)) ? pairs : null;
}
