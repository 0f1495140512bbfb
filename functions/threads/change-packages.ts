import * as z from "zod";
import { PackagesInstall, PackageTypeParam } from "#shared/contract/build";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { toStartLater } from "#shared/keys/further-scopes";
import { changeBuild, inEnvironment } from "./change-build.ts";

/** A list of an environment's packages may be as long as its contract says. */
const packagesMax = 500;

export const installPackages = changeBuild({
  endpoint: "POST /v1/environments/:environmentId/packages",
  summary: "Add packages, and start the build that installs them.",
  params: inEnvironment,
  body: PackagesInstall,
  needsToo: toStartLater,
  more: { installed: z.array(z.string()), uninstalled: z.array(z.string()) },
  next({ packages }, { body }) {
    const next = { ...packages };
    for (const { type, name } of body) next[type] = [...new Set([...next[type], name])];
    if (Object.values(next).some(({ length }) => length > packagesMax)) {
      const message = `An environment has at most ${packagesMax} packages of a type.`;
      throw new ApiError("VALIDATION_FAILED", { message });
    }
    return { packages: next };
  },
  said: ({ body }) => ({ more: { installed: body.map(({ name }) => name), uninstalled: [] } }),
});

export const uninstallPackage = changeBuild({
  endpoint: "DELETE /v1/environments/:environmentId/packages/:type/*",
  summary: "Take a package away, and start the build of what is left.",
  params: z.object({
    environmentId: idSchema("environment"),
    type: PackageTypeParam,
    "*": z.string().min(1).max(200),
  }),
  body: "none",
  more: { installed: z.array(z.string()), uninstalled: z.string() },
  next({ packages }, { params: { type, "*": name } }) {
    const left = packages[type].filter((each) => each !== name && nameOf(each) !== name);
    if (left.length === packages[type].length) {
      throw new ApiError("NOT_FOUND", { message: `There is no ${type} package ${name}.` });
    }
    return { packages: { ...packages, [type]: left } };
  },
  said: ({ params: { "*": name } }) => ({ more: { installed: [], uninstalled: name } }),
});

/** A package's name without its version. */
function nameOf(text: string): string {
  const scope = text.startsWith("@") ? "@" : "";
  const [name = ""] = text.slice(scope.length).split(/[=<>!~@[]/);
  return scope + name;
}
