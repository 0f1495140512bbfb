import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { imageInputs } from "./sources.ts";

test.each(["images/functions/Dockerfile", "runner/Dockerfile"])(
  "what %s copies makes another image",
  (path) => {
    const text = readFileSync(join(repositoryRoot, path), "utf8").replaceAll("\\\n", " ");
    const lines = text.matchAll(/^COPY (?!--from)(.+)$/gm);
    const copied = [...lines].flatMap(([, words = ""]) => words.trim().split(/\s+/).slice(0, -1));
    expect(copied.length).toBeGreaterThan(5);
    const isInput = (file: string) =>
      imageInputs.some((input) => file === input || file.startsWith(`${input}/`));
    expect(copied.filter((file) => !isInput(file))).toEqual([]);
  },
);
