import { DockerfileSet, RuntimesSet } from "#shared/contract/build";
import { baseImageName } from "#shared/core/layers/shown-dockerfile";
import { toStartLater } from "#shared/keys/further-scopes";
import { changeBuild, inEnvironment } from "./change-build.ts";

export const setRuntimes = changeBuild({
  endpoint: "PUT /v1/environments/:environmentId/runtimes",
  summary: "Set the runtimes; one that the image lacks makes the build fail, and is named.",
  params: inEnvironment,
  body: RuntimesSet,
  needsToo: toStartLater,
  more: {},
  next: (_environment, { body }) => ({ runtimes: body.runtimes }),
  said: () => ({ more: {} }),
});

export const setDockerfile = changeBuild({
  endpoint: "PUT /v1/environments/:environmentId/dockerfile",
  summary: "Set the RUN, ENV and WORKDIR instructions of the build, and start it.",
  params: inEnvironment,
  body: DockerfileSet,
  needsToo: toStartLater,
  more: {},
  next: ({ dockerfileExtensions: before }, { body: { dockerfileExtensions = before } }) => ({
    dockerfileExtensions,
  }),
  said({ body: { baseImage } }) {
    const isOther = baseImage !== undefined && baseImage !== null && baseImage !== baseImageName;
    const warning = "baseImage is ignored: every environment has the deployment's own image.";
    return { more: {}, warnings: isOther ? [warning] : [] };
  },
});
