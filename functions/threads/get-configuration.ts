/** What an environment's build is made of. */
import * as z from "zod";
import {
  AvailableRuntimes,
  DockerfileBody,
  DockerfileValidate,
  DockerfileValidated,
  PackagesBody,
  RuntimesBody,
} from "#shared/contract/build";
import { noParams, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { availableRuntimes, layerFaults } from "#shared/core/layers/layer";
import { baseImageName, shownDockerfile } from "#shared/core/layers/shown-dockerfile";
import type { Owner } from "#shared/identity/owner";
import { environmentRead } from "#shared/pipeline/environment-read";
import { action, jsonBytesMax, query } from "#shared/pipeline/route";
import { type Environment, environments } from "#shared/store/environments";
import type { ReadStore } from "#shared/store/store";

const params = z.object({ environmentId: idSchema("environment") });
interface Reading {
  readonly caller: { readonly owner: Owner };
  readonly params: { readonly environmentId: string };
  readonly deps: { readonly store: ReadStore };
}

async function read({ caller: { owner }, params, deps }: Reading): Promise<Environment> {
  return (await deps.store.require(environments.of(owner, params.environmentId))).value;
}

export const listRuntimes = query({
  ...environmentRead,
  endpoint: "GET /v1/environments/runtimes/available",
  summary: "The versions of runtimes that the runner's image has.",
  params: noParams,
  reply: { 200: AvailableRuntimes },
  read: "nothing",
  answer() {
    const all = Object.entries(availableRuntimes).map(([name, versions]) => [name, [...versions]]);
    return ok({ runtimes: Object.fromEntries(all) });
  },
});

export const getRuntimes = query({
  ...environmentRead,
  endpoint: "GET /v1/environments/:environmentId/runtimes",
  summary: "The runtimes that the environment names.",
  params,
  reply: { 200: RuntimesBody },
  read,
  answer: ({ data: { runtimes } }) => ok({ runtimes }),
});

export const getPackages = query({
  ...environmentRead,
  endpoint: "GET /v1/environments/:environmentId/packages",
  summary: "The packages that the environment names.",
  params,
  reply: { 200: PackagesBody },
  read,
  answer: ({ data: { packages } }) => ok({ packages }),
});

export const getDockerfile = query({
  ...environmentRead,
  endpoint: "GET /v1/environments/:environmentId/dockerfile",
  summary: "The build in the words of a Dockerfile, and the part of it that can be set.",
  params,
  reply: { 200: DockerfileBody },
  read,
  answer({ data }) {
    const { dockerfileExtensions } = data;
    return ok({
      baseImage: baseImageName,
      dockerfileExtensions,
      effectiveDockerfile: shownDockerfile(data),
    });
  },
});

/** An action that only reads: it takes a body, which queries don't. */
export const validateDockerfile = action({
  ...environmentRead,
  repeating: "harmless",
  endpoint: "POST /v1/environments/:environmentId/dockerfile/validate",
  summary: "Say what of these instructions can't be built; nothing is changed.",
  params,
  body: DockerfileValidate,
  bodyBytesMax: jsonBytesMax,
  beforeConfirmed: "reads",
  reply: { 200: DockerfileValidated },
  read,
  async perform({ body, data }) {
    const { dockerfileExtensions = data.dockerfileExtensions } = body;
    const next = { ...data, dockerfileExtensions };
    const errors = layerFaults(next);
    const effectiveDockerfile = shownDockerfile(next);
    return ok({ valid: errors.length === 0, warnings: [], errors, effectiveDockerfile });
  },
});
