/** What executions and the emulator need from the machine: sandbox tools, Java, rights. */
import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { findProgram } from "./find-program.mjs";
import { installCommand, installPackages, packageManager } from "./package-manager.mjs";
import { SetupError } from "./setup-error.mjs";

const javaMajorMin = 17;
/** Program → the package that contains it. */
const sandboxTools = {
  bwrap: "bubblewrap",
  setpriv: "util-linux",
  unshare: "util-linux",
  prlimit: "util-linux",
  perl: "perl",
};
const what = {
  bubblewrap: "bubblewrap (`bwrap`), which fences executions,",
  "util-linux": "util-linux (`setpriv`, `unshare`, `prlimit`), which drops an execution's rights,",
  perl: "Perl, which tries the walls of each new sandbox,",
  java: `Java ${javaMajorMin} or newer, which runs the Firestore emulator,`,
};

/** @returns {import("./main.mjs").Finding} */
export function checkSystemTools() {
  const wanted = missingTools();
  if (wanted.length === 0) {
    return {
      state: "ready",
      note: `${Object.keys(sandboxTools).join(", ")}, Java ${findJava().major}`,
    };
  }
  const manager = packageManager();
  if (manager?.name === "apt" && process.getuid() === 0) {
    return {
      state: "fixable",
      doing: `installing ${wanted.join(", ")} with apt`,
      fix: async (progress) => {
        await installPackages(wanted, progress);
        if (missingTools().length > 0) {
          throw new SetupError(`apt installed ${wanted.join(", ")}, but PATH doesn't lead there.`);
        }
        return `installed ${wanted.join(", ")}`;
      },
    };
  }
  return { state: "missing", sentences: wanted.map((name) => sentence(name, manager)) };
}

/** @returns {string[]} Keys of `what`. */
function missingTools() {
  const absent = new Set();
  for (const [tool, name] of Object.entries(sandboxTools)) {
    if (!findProgram(tool)) absent.add(name);
  }
  if (!findJava()) absent.add("java");
  return [...absent];
}

function sentence(name, manager) {
  const command = manager ? installCommand(manager, name) : null;
  const how = command ? `install it with \`${command}\`.` : "install it from your distribution.";
  return `${what[name]} is missing: ${how}`;
}

/** Executions get their own users, namespaces and cgroups, which only root can create. */
export function checkRights({ script, uid = process.getuid() }) {
  if (uid !== 0) {
    // Keeps the caller's PATH, because a Node from a version manager isn't in root's.
    const command = `sudo env "PATH=$PATH" npm run ${script ?? "demo"}`;
    const why = "Executions get users and cgroups of their own, which takes root";
    return {
      state: "missing",
      sentences: [`${why}: run \`${command}\`, or use the container (\`local/Dockerfile\`).`],
    };
  }
  // A missing `unshare` is reported by the check of the tools.
  const namespaces = spawnSync("unshare", ["--mount", "--pid", "--fork", "true"]);
  if (namespaces.status !== 0 && !namespaces.error) {
    return {
      state: "missing",
      sentences: ["New namespaces are refused here: start this container with `--privileged`."],
    };
  }
  if (!cgroupsAreWritable()) {
    const which = "The memory and pids cgroups can't be written";
    return {
      state: "missing",
      sentences: [`${which}: start this container with \`--privileged --cgroupns=private\`.`],
    };
  }
  return { state: "ready", note: "root, namespaces, cgroups" };
}

function cgroupsAreWritable() {
  const base = "/sys/fs/cgroup";
  const unified = join(base, "cgroup.controllers");
  const isWritable = (path) => {
    try {
      accessSync(path, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  };
  if (!existsSync(unified)) return ["memory", "pids"].every((name) => isWritable(join(base, name)));
  const controllers = readFileSync(unified, "utf8").split(/\s+/);
  return isWritable(base) && ["memory", "pids"].every((name) => controllers.includes(name));
}

/** The first recent Java: JAVA_HOME's, PATH's, then those installed side by side. */
export function findJava(environment = process.env) {
  const jvmFolder = "/usr/lib/jvm";
  const sideBySide = existsSync(jvmFolder) ? readdirSync(jvmFolder).sort().reverse() : [];
  const candidates = [
    environment.JAVA_HOME && join(environment.JAVA_HOME, "bin", "java"),
    findProgram("java", environment),
    ...sideBySide.map((name) => join(jvmFolder, name, "bin", "java")),
  ];
  for (const path of candidates) {
    if (!path || !existsSync(path)) continue;
    const major = javaMajor(path);
    if (major >= javaMajorMin) return { path, major };
  }
  return null;
}

/** Read from the runtime's `release` file, which is faster than starting a virtual machine. */
function javaMajor(path) {
  const release = join(dirname(dirname(realpathSync(path))), "release");
  const text = existsSync(release)
    ? readFileSync(release, "utf8")
    : spawnSync(path, ["-version"], { encoding: "utf8" }).stderr;
  return Number(/version[=" ]+(\d+)/i.exec(text ?? "")?.[1] ?? 0);
}
