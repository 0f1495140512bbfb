/**
 * Where the Firestore emulator's jar may be on this machine. Plain JavaScript without dependencies,
 * because the set-up asks before anything is installed.
 */
import { readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** The version that the set-up downloads: the last one that doesn't need Java 21. */
export const downloadedJarName = "cloud-firestore-emulator-v1.19.8.jar";

/** The folder for downloads, outside the checkout so that every clone shares it. */
export function cacheFolder(environment = process.env) {
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "paddock");
}

/**
 * Candidate paths, best first; a path may not exist. If `FIRESTORE_EMULATOR_JAR` is set, it is the
 * only candidate.
 *
 * @returns {string[]}
 */
export function firestoreJarLocations(environment = process.env) {
  if (environment.FIRESTORE_EMULATOR_JAR) return [environment.FIRESTORE_EMULATOR_JAR];
  const inSdk = join("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar");
  return [
    ...sdkFolders(environment).map((folder) => join(folder, inSdk)),
    join(cacheFolder(environment), downloadedJarName),
    ...firebaseToolsJars(environment),
  ];
}

function sdkFolders(environment) {
  const installed = [
    "/usr/lib/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/usr/local/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "/opt/homebrew/share/google-cloud-sdk",
    "/usr/local/share/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
    join(homedir(), "google-cloud-sdk"),
  ];
  return [environment.CLOUDSDK_ROOT_DIR, sdkOfGcloud(environment), ...installed].filter(Boolean);
}

function sdkOfGcloud(environment) {
  for (const folder of (environment.PATH ?? "").split(":").filter(Boolean)) {
    try {
      return dirname(dirname(realpathSync(join(folder, "gcloud"))));
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Newest first. Versions from 1.20 on are left out, because they need Java 21. */
function firebaseToolsJars(environment) {
  const folder =
    environment.FIREBASE_EMULATORS_PATH || join(homedir(), ".cache", "firebase", "emulators");
  try {
    return readdirSync(folder)
      .map((name) => ({ name, patch: /^cloud-firestore-emulator-v1\.19\.(\d+)\.jar$/.exec(name) }))
      .filter(({ patch }) => patch !== null)
      .sort((a, b) => Number(b.patch[1]) - Number(a.patch[1]))
      .map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}
