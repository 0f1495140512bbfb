/** How the promises of the group GIT (repositories) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const gitControls: Readonly<Record<string, Control>> = {
  "GIT-1": {
    enforcedBy: "functions/git/object-reader.ts",
    test: "test/sandbox/git-hostile.test.ts",
    mutation: {
      file: "functions/git/object-reader.ts",
      find: "if (deltas.length >= chainMax) {",
      replace: "if (deltas.length >= 10 * chainMax) {",
    },
  },
  "GIT-2": {
    enforcedBy: "functions/git/reach-remotes.ts",
    test: "test/integration/git.test.ts",
    mutation: {
      file: "functions/git/reach-remotes.ts",
      find: 'words: ["clone", ...options, "--", address.url,',
      replace:
        'words: ["clone", ...options, "-chttp.extraheader=" + body.token, "--", address.url,',
    },
  },
};
