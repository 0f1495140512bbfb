import { describe, expect, test, vi } from "vitest";
import { buildScript } from "./build-script.ts";
import { readDockerfile } from "./dockerfile.ts";
import { type LayerConfig, layerFaults, layerHash, layerVariables, needsLayer } from "./layer.ts";

const none: LayerConfig = {
  runtimes: {},
  packages: { system: [], python: [], node: [] },
  dockerfileExtensions: null,
};
const withPackages = (packages: Partial<LayerConfig["packages"]>): LayerConfig => ({
  ...none,
  packages: { ...none.packages, ...packages },
});

describe("WSP-3 what a layer is built from", () => {
  test("is named by what it says, and not by the order in which it says it", () => {
    const [one, other] = [
      ["a", "b"],
      ["b", "a", "a"],
    ].map((python) => withPackages({ python }));
    expect(layerHash(one ?? none)).toBe(layerHash(other ?? none));
    expect(layerHash(withPackages({ node: ["a", "b"] }))).not.toBe(layerHash(one ?? none));
    expect([none, { ...none, dockerfileExtensions: " \n" }].map(needsLayer)).toEqual([
      false,
      false,
    ]);
  });

  test.each([
    ["python", "--index-url=https://elsewhere.test"],
    ["python", "git+https://elsewhere.test/a.git"],
    ["python", "./local"],
    ["node", "-g"],
    ["node", "https://elsewhere.test/a.tgz"],
    ["node", "a@file:../b"],
    ["node", "a@npm:b"],
    ["system", "-oDir::Etc=/tmp"],
    ["system", "./a.deb"],
    ["system", "a; id"],
  ] as const)("never has a %s package called %s", (type, name) => {
    expect(layerFaults(withPackages({ [type]: [name] }))).toHaveLength(1);
  });

  test("has packages with versions and scopes, and the runtimes of the image", () => {
    const packages = {
      system: ["libpq5", "git=1:2.39.5-0+deb12u1"],
      python: ["flask>=3,<4", "uvicorn[standard]==0.30.*", "numpy"],
      node: ["@scope/name@^1.2.3", "typescript@latest"],
    };
    const runtimes = { python: "3", nodejs: "24.1", ruby: "3" };
    const faults = layerFaults({ ...none, packages, runtimes });
    expect(faults).toEqual(["There is no ruby 3 here: the image has python 3.11 and nodejs 24."]);
  });

  test("passes words to the shell as they are", () => {
    const script = buildScript({ ...none, dockerfileExtensions: "RUN echo 'it''s' \"$HOME\"" });
    expect(script).toContain(`bash -euo pipefail -c 'echo '\\''it'\\'''\\''s'\\'' "$HOME"'`);
  });
});

describe("readDockerfile()", () => {
  test("reads RUN, ENV and WORKDIR, also over several lines", () => {
    const text = `# comment
      WORKDIR tools
      ENV A="one two"
      ENV A=other B=$A/three
      RUN first && \\
        # between
        second
      RUN ["echo", "it's"]`;
    expect(readDockerfile(text)).toEqual({
      faults: [],
      instructions: [
        { type: "env", key: "A", value: "one two" },
        { type: "env", key: "A", value: "other" },
        { type: "env", key: "B", value: "one two/three" },
        { type: "run", script: "first &&         second", folder: "/opt/environment/tools" },
        { type: "run", script: `'echo' 'it'\\''s'`, folder: "/opt/environment/tools" },
      ],
    });
  });

  test.each([
    ["FROM scratch", "FROM isn't supported: every environment has the deployment's own image"],
    ["\nUSER root", "Line 2: USER isn't supported: a build runs as the sandbox's user"],
    ["HEALTHCHECK NONE", "RUN, ENV and WORKDIR are"],
    ["WORKDIR /usr", "must name a folder below /opt/environment"],
    ["WORKDIR ../../etc", "must name a folder below /opt/environment"],
    ["RUN --mount=type=cache true", "takes no options"],
    ["ENV 1A=b", "must be KEY=value"],
    ["ENV A='b", "has a quote or brace without an end"],
    [`ENV A=\${B%%x}`, "refers to a variable in another form"],
  ])("refuses %s with the reason", (text, reason) => {
    expect(readDockerfile(text).faults).toEqual([expect.stringContaining(reason)]);
  });

  test.each<[string, string]>([
    ["ENV X='$A' ", "$A"],
    ['ENV X="$A"', "a b"],
    ["ENV X=\\$A", "$A"],
    ['ENV X="say \\"hi\\" \\n"', 'say "hi" \\n'],
    ["ENV X=one\\ word", "one word"],
    ["ENV X=a'b'\"c\"d", "abcd"],
    [`ENV X=\${NONE:-$A!}\${A:+set}\${NONE:+unset}`, "a b!set"],
    ["ENV X the rest of 'it'", "the rest of it"],
    ["ENV X=/one:\\\n/two", "/one:/two"],
    ["ENV X=100$", "100$"],
  ])("reads %s as Docker does", (line, value) => {
    const { faults, instructions } = readDockerfile(line, new Map([["A", "a b"]]));
    expect({ faults, instructions }).toEqual({
      faults: [],
      instructions: [{ type: "env", key: "X", value }],
    });
  });

  test("gives a shell what RUN says, also blanks that aren't spaces", () => {
    const { instructions } = readDockerfile("RUN printf 'a\tb\u00a0' > wo\\\nrds");
    const script = "printf 'a\tb\u00a0' > words";
    expect(instructions).toEqual([{ type: "run", script, folder: "/opt/environment" }]);
  });

  test("values that repeat the ones before are refused before they are made", () => {
    const doubled = Array.from(
      { length: 40 },
      (_, index) => `ENV A${index + 1}=$A${index}$A${index}`,
    );
    const { faults, instructions } = readDockerfile(["ENV A0=ab", ...doubled].join("\n"));
    expect(faults[0]).toContain("values of more than 65536 characters");
    expect(JSON.stringify(instructions).length).toBeLessThan(100_000);
    const wide = readDockerfile(`ENV WIDE=${"海".repeat(45_000)}`);
    expect(wide.faults).toEqual([expect.stringContaining("WIDE, which must have at most 131071")]);
    expect(readDockerfile("X\n".repeat(10_000)).faults).toHaveLength(20);
    const deep = readDockerfile(`ENV A=${"${A:-".repeat(40_000)}${"}".repeat(40_000)}`);
    expect(deep.faults).toEqual([expect.stringContaining("in another form")]);
    const path = `ENV A=${"a".repeat(60_000)}\nWORKDIR $A`;
    expect(readDockerfile(path).faults).toEqual([expect.stringContaining("short path")]);
  });

  test("a line costs what it says, however many variables and folders came before", () => {
    const lines = Array.from({ length: 300 }, (_, index) => `ENV A${index}=${index}`);
    const copied = vi.spyOn(Map.prototype, Symbol.iterator);
    const { instructions } = readDockerfile(lines.join("\n"));
    const copies = copied.mock.calls.length;
    copied.mockRestore();
    expect(instructions).toHaveLength(300);
    expect(copies, "the known variables, once").toBe(1);
    const steps = Array.from({ length: 6_000 }, () => "WORKDIR ../b");
    const { faults } = readDockerfile(["WORKDIR /opt/environment/a/b", ...steps].join("\n"));
    expect(faults).toEqual([expect.stringContaining("values and folders of more than 65536")]);
  });

  test("a folder is in the script where it changes, and not once for each RUN", () => {
    const named = `/opt/environment/${"$Q".repeat(3_900)}`;
    const runs = Array.from({ length: 500 }, () => "RUN a");
    const text = ["ENV Q=\\' A=a", `ENV F=${named}`, "WORKDIR $F", ...runs].join("\n");
    const config = { ...none, dockerfileExtensions: text };
    expect(layerFaults(config)).toEqual([]);
    const script = buildScript(config);
    expect(script.split('mkdir -p "$1"')).toHaveLength(501);
    expect(script.length).toBeLessThan(150_000);
  });

  test("a variable may refer to those of the layer, like PATH", () => {
    const variables = layerVariables({ dockerfileExtensions: "ENV PATH=/x:$PATH" });
    const path = variables.find(({ key }) => key === "PATH")?.value;
    expect(path).toMatch(/^\/x:\/opt\/environment\/bin:/);
    expect(path?.endsWith(":/usr/bin:/bin")).toBe(true);
  });
});
