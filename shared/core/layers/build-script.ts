/**
 * The script that a build runs in its sandbox, in the layer's folder. It is the message of the
 * build's execution, so everybody who may read the build sees what it does.
 */
import { layerFolder } from "../../protocol/sandbox-paths.ts";
import { type Instruction, quoted } from "./dockerfile.ts";
import { folderVariables, instructionsOf, type LayerConfig } from "./layer.ts";
import { publicRegistries, type Registries } from "./registries.ts";

/**
 * The packages of the image, in the format of dpkg's status file. Only what is missing there is
 * fetched, since a second C library would break the image's programs.
 */
const installedPackages = "/usr/share/paddock/dpkg-status";

/** @returns A bash script; it fails at the first step that does. */
export function buildScript(
  config: LayerConfig,
  registries: Registries = publicRegistries,
): string {
  const { packages } = config;
  return [
    `# Builds the layer in ${layerFolder}.`,
    "set -euo pipefail",
    "umask 022",
    `cd ${layerFolder}`,
    "mkdir -p bin",
    ...folderVariables().map(([key, value]) => `export ${key}=${quoted(value)}`),
    // What a RUN installs goes into the layer, too.
    `printf '[global]\\nindex-url = %s\\n' ${quoted(registries.python)} >/tmp/pip.conf`,
    `export PIP_CONFIG_FILE=/tmp/pip.conf PIP_TARGET=${layerFolder}/python`,
    "export PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore",
    `export npm_config_prefix=${layerFolder}/node npm_config_registry=${quoted(registries.node)}`,
    "export npm_config_cache=/tmp/npm npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false",
    ...system(packages.system, registries),
    ...installed("Python", "python3 -m pip install --progress-bar off", packages.python),
    ...installed("Node", "npm install --global --no-progress", packages.node),
    ...runAll(instructionsOf(config)),
    step("The layer is built."),
    "",
  ].join("\n");
}

/**
 * A folder is named where it changes, and not by each RUN in it: it may have thousands of
 * characters. It is the script's own parameter, which no ENV can set.
 */
function runAll(instructions: readonly Instruction[]): string[] {
  let folder: string | null = null;
  return instructions.flatMap((each) => {
    if (each.type === "env") return [`export ${each.key}=${quoted(each.value)}`];
    const moved = each.folder === folder ? [] : [`set -- ${quoted(each.folder)}`];
    folder = each.folder;
    return [
      step(`RUN ${each.script}`),
      ...moved,
      'mkdir -p "$1"',
      `(cd "$1" && bash -euo pipefail -c ${quoted(each.script)})`,
    ];
  });
}

/** A heading in the build's log. */
function step(text: string): string {
  return `printf '%s\\n' ${quoted(`==> ${text}`)}`;
}

function installed(kind: string, installer: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [
    step(`${kind} packages: ${names.join(" ")}`),
    `${installer} ${names.map(quoted).join(" ")}`,
  ];
}

/**
 * Unpacks packages and what they need without running their scripts, which would ask for root.
 * Nothing of the machine's own settings is read, and signatures are checked.
 */
function system(names: readonly string[], { system: sources }: Registries): string[] {
  if (names.length === 0) return [];
  return [
    step(`System packages: ${names.join(" ")}`),
    "mkdir -p system /tmp/apt/{state/lists,cache/archives}/partial /tmp/apt/etc/{apt.conf,preferences}.d",
    `if [ -r ${installedPackages} ]; then cp ${installedPackages} /tmp/apt/status; else : >/tmp/apt/status; fi`,
    ". /etc/os-release",
    `printf '%s\\n' ${sources.map(quoted).join(" ")} | sed "s/SUITE/$VERSION_CODENAME/" >/tmp/apt/sources.list`,
    `cat >/tmp/apt/apt.conf <<'END'`,
    'Dir::Etc "/tmp/apt/etc";',
    'Dir::Etc::SourceList "/tmp/apt/sources.list";',
    'Dir::State "/tmp/apt/state";',
    'Dir::State::Status "/tmp/apt/status";',
    'Dir::Cache "/tmp/apt/cache";',
    'Dir::Log "/tmp/apt";',
    'Acquire::Languages "none";',
    'APT::Install-Recommends "false";',
    "END",
    "export APT_CONFIG=/tmp/apt/apt.conf",
    "apt-get -q update",
    // Without the list of what is installed, only the packages themselves are wanted.
    "if [ -s /tmp/apt/status ]; then",
    `  apt-get -q --yes --download-only install ${names.map(quoted).join(" ")}`,
    "else",
    `  (cd /tmp/apt/cache/archives && apt-get -q download ${names.map(quoted).join(" ")})`,
    "fi",
    "for package in /tmp/apt/cache/archives/*.deb; do",
    '  [ -e "$package" ] || continue',
    '  echo "unpacking $(basename "$package")"',
    `  dpkg-deb --extract "$package" ${layerFolder}/system`,
    "done",
    "unset APT_CONFIG",
  ];
}
