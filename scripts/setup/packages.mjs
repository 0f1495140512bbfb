/** The lockfile's packages, including Node 24. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { excerpt, runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { bar } from "./terminal.mjs";

export const nodeMajor = 24;

/**
 * The Node that runs everything but the set-up: the lockfile's on Linux, else the machine's own if
 * it has the same major version.
 *
 * @returns {string | null} an absolute path
 */
export function findNode(root) {
  const bundled = join(root, "node_modules", `node-linux-${process.arch}`, "bin", "node");
  if (process.platform === "linux" && existsSync(bundled)) return bundled;
  const machineMajor = Number(process.versions.node.split(".")[0]);
  return machineMajor === nodeMajor ? process.execPath : null;
}

/** Compares the lockfile with what is installed; `npm ci` runs only if they differ. */
export function checkPackages(root) {
  const stampPath = join(root, "node_modules", ".paddock-setup");
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = createHash("sha256")
    .update(`${process.platform} ${process.arch}\n${lockText}`)
    .digest("hex");
  const stamped = existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp;
  if (stamped && findNode(root)) return { state: "ready", note: "as the lockfile says" };
  if (!stamped && findNode(root) && isInstalled(root, JSON.parse(lockText))) {
    writeFileSync(stampPath, stamp);
    return { state: "ready", note: "as the lockfile says" };
  }
  return {
    state: "fixable",
    doing: `fetching ${wantedHere(JSON.parse(lockText)).length} packages with npm, which take 600 MB`,
    async fix(progress) {
      const end = followInstallation(root, JSON.parse(lockText), progress);
      try {
        await install(root);
      } finally {
        end();
      }
      writeFileSync(stampPath, stamp);
      return "installed";
    },
  };
}

/** Whether npm's own record of `node_modules` has every package of the lockfile. */
function isInstalled(root, lock) {
  const recordPath = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(recordPath)) return false;
  const installed = JSON.parse(readFileSync(recordPath, "utf8")).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === "" || (wanted.optional && !installed[path])) return true;
    return installed[path]?.integrity === wanted.integrity;
  });
}

/** The folders of the packages that npm installs on this system; it leaves others out. */
export function wantedHere(lock, { platform, arch } = process) {
  const fits = (list, own) => {
    if (list === undefined) return true;
    return list.includes(own) || (list[0].startsWith("!") && !list.includes(`!${own}`));
  };
  return Object.entries(lock.packages)
    .filter(([path]) => path !== "")
    .filter(([, { os, cpu, libc }]) => {
      return fits(os, platform) && fits(cpu, arch) && fits(libc, "glibc");
    })
    .map(([path]) => path);
}

const lookEveryMs = 500;
const nearlyAll = 0.97;

/** Shows how many packages are in place; npm says nothing until it is done. */
export function followInstallation(root, lock, progress) {
  const wanted = wantedHere(lock);
  const look = () => {
    const there = wanted.filter((path) => existsSync(join(root, path, "package.json"))).length;
    const count = `${there} of ${wanted.length} packages in place`;
    const share = there / wanted.length;
    // npm leaves out a few that others need elsewhere, and links and checks the rest at the end.
    const end = share > nearlyAll ? "; npm finishes" : "";
    if (there > 0) progress.update(`${bar(share)} ${count}${end}`);
  };
  const timer = setInterval(look, lookEveryMs);
  return () => clearInterval(timer);
}

async function install(root) {
  // Some packages ask for a newer Node than the one that npm runs on here. Ours runs them, so the
  // warning would be misleading.
  const args = ["ci", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  const environment = { ...process.env, npm_config_update_notifier: "false" };
  const { code, output } = await runCommand("npm", args, { cwd: root, environment });
  if (code !== 0) throw whyNpmFailed(code, output);
  const node = findNode(root);
  if (!node) {
    throw new SetupError(
      `Node ${nodeMajor} is missing: npm left out optional dependencies ` +
        `(check \`npm config get omit\`), or there is no build for ${process.platform} ${process.arch}; ` +
        `install Node ${nodeMajor} from https://nodejs.org and run this again with it.`,
    );
  }
  const started = await runCommand(node, ["--version"]);
  if (started.code !== 0) {
    throw new SetupError(
      "The Node that came with the lockfile doesn't start here: it needs glibc 2.28 or newer " +
        "(on Alpine, use the container: see README.md).",
      excerpt(started.output),
    );
  }
}

function whyNpmFailed(code, output) {
  if (code === 127) {
    return new SetupError("npm is missing: install it with Node from https://nodejs.org.");
  }
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/.test(output)
  ) {
    return new SetupError(
      "npm can't reach its registry: connect this machine (or set a proxy) and run this again.",
    );
  }
  if (/ENOSPC/.test(output)) {
    return new SetupError("The disk is full: free 600 MB and run this again.");
  }
  return new SetupError("npm couldn't install the lockfile's packages:", excerpt(output));
}
