/**
 * The scripts that run git in a sandbox. Every word that isn't ours is quoted, and none of them can
 * be taken for an option.
 */
import { quoted } from "../layers/dockerfile.ts";

export interface GitCommand {
  /** The folder it runs in, in the workspace; empty for the workspace itself. */
  readonly folder: string;
  /** The command and its words. */
  readonly words: readonly string[];
  /** The variable whose value git sends as a password; null if it has none to send. */
  readonly passwordVariable: string | null;
}

/** The author of commits, unless the repository's own settings or variables name another. */
export const defaultIdentity = { name: "Paddock", email: "agent@paddock.invalid" };

/** Variables of the environment that git is given; they say whom commits are by. */
export const identityVariables: readonly string[] = ["AUTHOR", "COMMITTER"].flatMap((who) =>
  ["NAME", "EMAIL", "DATE"].map((what) => `GIT_${who}_${what}`),
);

/**
 * Settings that win over the repository's own. It runs no hooks and no helpers, and names no
 * programs to sign or to watch with.
 */
const settings = [
  ...["core.hooksPath=/dev/null", "core.fsmonitor=false", "core.pager=cat", "core.editor=false"],
  ...["commit.gpgSign=false", "push.gpgSign=false", "gc.auto=0", "maintenance.auto=false"],
  ...["submodule.recurse=false", "push.recurseSubmodules=no", "fetch.recurseSubmodules=no"],
  ...["safe.directory=*", "advice.detachedHead=false", "credential.helper="],
];

/** Sent as the name beside a token; the hosts that read it know the token alone. */
const tokenUser = "x-access-token";

export function gitScript({ folder, words, passwordVariable }: GitCommand): string {
  const helper =
    passwordVariable === null
      ? []
      : [
          'credential.helper=!f() { [ "$1" = get ] || exit 0; ' +
            `printf "username=${tokenUser}\\npassword=%s\\n" "$${passwordVariable}"; }; f`,
        ];
  const options = [...settings, ...helper].map((setting) => `-c ${quoted(setting)}`);
  const { name, email } = defaultIdentity;
  return [
    "# Asked for by a route of the API.",
    "set -eu",
    `cd ${quoted(folder === "" ? "/workspace" : `/workspace/${folder}`)}`,
    `printf '[user]\\n\\tname = ${name}\\n\\temail = ${email}\\n' >/tmp/gitconfig`,
    "export GIT_CONFIG_GLOBAL=/tmp/gitconfig GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0",
    "export GIT_ALLOW_PROTOCOL=https:http GIT_ASKPASS=/bin/false SSH_ASKPASS=/bin/false",
    "export GIT_LITERAL_PATHSPECS=1 LC_ALL=C.UTF-8",
    `exec git ${options.join(" ")} \\`,
    `  ${words.map(quoted).join(" ")}`,
    "",
  ].join("\n");
}
