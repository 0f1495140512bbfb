/** Parses a Dockerfile for the tests. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Copy, DockerfileParser, From, type Instruction } from "dockerfile-ast";
import { repositoryRoot } from "../../scripts/tools/repository.ts";

export interface Stage {
  /** Empty if the stage has no name. */
  readonly name: string;
  /** The base image, as it is written. */
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

export interface ReadDockerfile {
  readonly path: string;
  readonly text: string;
  readonly stages: readonly Stage[];
}

/** @param path relative to the repository's root */
export function readDockerfile(path: string): ReadDockerfile {
  const text = readFileSync(join(repositoryRoot, path), "utf8");
  const stages: { name: string; image: string; instructions: Instruction[] }[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction instanceof From) {
      const [name, image] = [instruction.getBuildStage() ?? "", instruction.getImage() ?? ""];
      stages.push({ name, image, instructions: [instruction] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return { path, text, stages };
}

/** The last stage and those it is built on, lowest first: what the image consists of. */
export function finalStages({ stages }: ReadDockerfile): Stage[] {
  const chain: Stage[] = [];
  for (let stage = stages.at(-1); stage !== undefined; ) {
    chain.unshift(stage);
    const { image } = stage;
    stage = stages.find(({ name }) => name !== "" && name === image);
  }
  return chain;
}

/** What the last instruction of a kind says in the finished image; null if there is none. */
export function finalArguments(file: ReadDockerfile, keyword: string): string | null {
  const said = finalStages(file)
    .flatMap(({ instructions }) => instructions)
    .filter((instruction) => instruction.getKeyword() === keyword);
  return said.at(-1)?.getArgumentsContent() ?? null;
}

export interface CopyStep {
  /** Null for the build context. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

export function copiesOf(stages: readonly Stage[]): CopyStep[] {
  return stages
    .flatMap(({ instructions }) => instructions)
    .filter((instruction) => instruction instanceof Copy)
    .map((copy) => {
      const paths = copy.getArguments().map((argument) => argument.getValue());
      const words = paths.filter((path) => !path.startsWith("--"));
      const flag = copy.getFlags().find((each) => each.getName() === "from");
      const from = flag?.getValue() ?? null;
      return { from, sources: words.slice(0, -1), target: words.at(-1) ?? "" };
    });
}
