import { layerFolder } from "../../protocol/sandbox-paths.ts";
import type { LayerConfig } from "./layer.ts";

/** The name under which the runner's image is shown; nobody can pull it. */
export const baseImageName = "paddock-runner";

/** What a build does, in the words of a Dockerfile; the build itself is a script. */
export function shownDockerfile({ packages, dockerfileExtensions }: LayerConfig): string {
  const { system, python, node } = packages;
  return [
    `FROM ${baseImageName}`,
    "USER agent",
    `WORKDIR ${layerFolder}`,
    ...(system.length > 0
      ? [
          `# Unpacked below ${layerFolder}/system, without maintainer scripts.`,
          `RUN apt-get install ${system.join(" ")}`,
        ]
      : []),
    ...(python.length > 0 ? [`RUN pip install ${python.join(" ")}`] : []),
    ...(node.length > 0 ? [`RUN npm install --global ${node.join(" ")}`] : []),
    ...(dockerfileExtensions?.trim() ? [dockerfileExtensions.trim()] : []),
    "WORKDIR /workspace",
    "",
  ].join("\n");
}
