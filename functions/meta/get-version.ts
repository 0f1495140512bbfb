import * as z from "zod";
import { config } from "#shared/config";
import { ok } from "#shared/contract/common";
import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";

const Version = z.object({
  build_version: z.string(),
  build_timestamp: z.string(),
  git_commit: z.string(),
  skills_hash: z.null(),
  skills_version: z.null(),
  node_version: z.string(),
});

export const getVersion = query({
  ...publicRead,
  endpoint: "GET /v1/version",
  summary: "The version and commit of this build.",
  reply: { 200: Version },
  read: "nothing",
  answer() {
    const { PADDOCK_BUILD_VERSION, PADDOCK_BUILD_TIME, PADDOCK_BUILD_COMMIT } = config();
    return ok({
      build_version: PADDOCK_BUILD_VERSION,
      build_timestamp: PADDOCK_BUILD_TIME,
      git_commit: PADDOCK_BUILD_COMMIT,
      skills_hash: null,
      skills_version: null,
      node_version: process.version,
    });
  },
});
