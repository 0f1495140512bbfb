/** The machine's package manager, and its names for the things we need. */
import { existsSync, readFileSync } from "node:fs";
import { findProgram } from "./find-program.mjs";
import { excerpt, runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

const managers = [
  {
    name: "apt",
    program: "apt-get",
    install: "sudo apt-get install",
    java: "default-jre-headless",
  },
  {
    name: "dnf",
    program: "dnf",
    install: "sudo dnf install",
    java: "java-latest-openjdk-headless",
  },
  { name: "pacman", program: "pacman", install: "sudo pacman -S", java: "jre-openjdk-headless" },
  {
    name: "zypper",
    program: "zypper",
    install: "sudo zypper in",
    java: "java-21-openjdk-headless",
  },
  { name: "apk", program: "apk", install: "sudo apk add", java: "openjdk21-jre-headless" },
];
/** The oldest first: any of them runs the emulator, and older ones are in more releases. */
const aptJava = ["openjdk-17-jre-headless", "openjdk-21-jre-headless", "openjdk-25-jre-headless"];

export function packageManager() {
  return managers.find(
    ({ name, program }) => findProgram(program) && (name !== "apt" || isDebianLike()),
  );
}

export function installCommand(manager, what) {
  return `${manager.install} ${what === "java" ? manager.java : what}`;
}

/** @throws {SetupError} with apt's output */
export async function installPackages(wanted, progress) {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const apt = (...args) => runCommand("apt-get", args, { environment });
  progress.update("reading apt's package lists");
  const update = await apt("update", "-q");
  const packages = wanted.includes("java")
    ? [...wanted.filter((name) => name !== "java"), await chooseJava()]
    : wanted;
  const names = packages.join(", ");
  // apt says what it would fetch when it is told not to go on.
  const asked = await apt("install", "--assume-no", "--no-install-recommends", ...packages);
  const size = fetchedSize(asked.output);
  progress.update(size === null ? `installing ${names}` : `fetching ${size}: ${names}`);
  const { code, output } = await apt("install", "-qy", "--no-install-recommends", ...packages);
  if (code === 0) return;
  const why = update.code === 0 ? output : update.output;
  throw new SetupError(
    `apt couldn't install ${names}: see below, then run this again.`,
    excerpt(aptErrors(why) || why),
  );
}

/** Such as `45.2 MB`; null if apt doesn't say, or has it all. */
export function fetchedSize(output) {
  const [, size = ""] = /^Need to get ([\d.,]+ [kMG]?B)/m.exec(output) ?? [];
  return /[1-9]/.test(size) ? size : null;
}

async function chooseJava() {
  for (const name of aptJava) {
    const { code, output } = await runCommand("apt-cache", ["show", "--no-all-versions", name]);
    if (code === 0 && output.includes(`Package: ${name}`)) return name;
  }
  return "default-jre-headless";
}

function isDebianLike() {
  const path = "/etc/os-release";
  return existsSync(path) && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync(path, "utf8"));
}

const aptErrors = (output) =>
  output
    .split("\n")
    .filter((line) => /^E(rr)?:/.test(line))
    .join("\n");
