/** On a machine without a Linux kernel for sandboxes: how to run the same in one container. */
import { findProgram } from "./find-program.mjs";

/** @returns {string[]} lines to show; `engine` is null if neither docker nor podman is there. */
export function containerAdvice({ script, platform = process.platform, engine = findEngine() }) {
  const system = { darwin: "macOS", win32: "Windows" }[platform] ?? platform;
  const why = `Executions are fenced with Linux namespaces, which ${system} doesn't have.`;
  if (!engine) {
    return [
      why,
      "A container engine is needed: install Docker (https://docs.docker.com/get-docker) or Podman",
      "(https://podman.io), then run this again.",
    ];
  }
  const published = script === "start" ? " -p 127.0.0.1:8080:8080" : "";
  return [
    why,
    "The same runs in one container:",
    "",
    `  ${engine} build -t paddock -f local/Dockerfile .`,
    `  ${engine} run --rm -it --privileged${published} paddock npm run ${script ?? "demo"}`,
  ];
}

function findEngine() {
  const names = process.platform === "win32" ? ["docker.exe", "podman.exe"] : ["docker", "podman"];
  return names.find((name) => findProgram(name))?.replace(".exe", "") ?? null;
}
