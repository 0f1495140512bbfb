/** The scripts are run by the shells themselves, where they are installed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { completionFor, shells } from "./completion-scripts.ts";

const folder = mkdtempSync(join(tmpdir(), "paddock-completion-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isInstalled = (shell: string) => spawnSync(shell, ["-c", "exit"]).status === 0;

/** Has the shell complete the last of the words. */
function complete(shell: (typeof shells)[number], words: readonly string[]): string[] {
  const script = join(folder, shell);
  writeFileSync(script, completionFor(shell));
  const line = words.join(" ");
  const code = {
    bash: `source ${script}; COMP_WORDS=(${line.replace(/ $/, ' ""')}); COMP_CWORD=${words.length - 1};
      _paddock; printf '%s\\n' "\${COMPREPLY[@]}"`,
    zsh: `compdef() { :; }; source ${script}
      _describe() { print -l -- "\${(@P)2%%:*}" }; words=(${line.replace(/ $/, ' ""')}); CURRENT=${words.length}
      _paddock`,
    fish: `source ${script}; complete -C '${line}' | string replace -r '\\t.*' ''`,
  }[shell];
  const { stdout, stderr } = spawnSync(shell, ["-c", code], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((word) => word !== "");
}

test.each(shells.filter(isInstalled))("%s completes commands, groups and options", (shell) => {
  expect(complete(shell, ["paddock", "threads", ""])).toEqual(
    expect.arrayContaining(["list", "get", "rm"]),
  );
  expect(complete(shell, ["paddock", "lo"])).toEqual(expect.arrayContaining(["login", "logs"]));
  const options = complete(shell, ["paddock", "secrets", "set", "--"]);
  expect(options).toEqual(expect.arrayContaining(["--env", "--host", "--json"]));
});
