import { describe, expect, test } from "vitest";
import { containerAdvice } from "./container.mjs";

describe("containerAdvice()", () => {
  test("gives the commands that run the same in a container", () => {
    const advice = containerAdvice({ script: "demo", platform: "darwin", engine: "docker" });
    expect(advice.at(0)).toContain("macOS");
    expect(advice.slice(-2)).toEqual([
      "  docker build -t paddock -f local/Dockerfile .",
      "  docker run --rm -it --privileged paddock npm run demo",
    ]);
  });

  test("publishes the port of what is started to be used", () => {
    const advice = containerAdvice({ script: "start", platform: "win32", engine: "podman" });
    expect(advice.at(-1)).toContain("podman run --rm -it --privileged -p 127.0.0.1:8080:8080");
  });

  test("says that an engine is needed where there is none", () => {
    const advice = containerAdvice({ script: "demo", platform: "darwin", engine: null });
    expect(advice.join(" ")).toContain("A container engine is needed");
  });
});
