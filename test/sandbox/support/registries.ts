/** What programs fetch: a git repository, and a package of Python, of Node and of the system. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join, normalize } from "node:path";
import { temporaryFolder } from "../../../scripts/tools/temporary-folder.ts";

const wheel = "greeting-1.0-py3-none-any.whl";

export interface Registries {
  /** Answers below `/repository.git`, `/simple`, `/greeting` and `/debian`. */
  readonly serve: RequestListener;
  close(): void;
}

/** @param origin The origin of the archive in the Node package's metadata. */
export function makeRegistries(origin: string): Registries {
  const folder = temporaryFolder("paddock-registries-");
  makeRepository(folder);
  makeWheel(folder);
  const archive = makeArchive(folder);
  const integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
  const dist = { tarball: `${origin}/archive.tgz`, integrity };
  const version = { name: "greeting", version: "1.0.0", dist };
  const pages: Readonly<Record<string, string | Buffer>> = {
    "/simple/greeting/": `<a href="/${wheel}">${wheel}</a>`,
    [`/${wheel}`]: readFileSync(join(folder, wheel)),
    "/greeting": JSON.stringify({
      name: "greeting",
      "dist-tags": { latest: "1.0.0" },
      versions: { "1.0.0": version },
    }),
    "/archive.tgz": archive,
    ...makeSystemPackage(folder),
  };
  const serve: RequestListener = (request, response) => {
    const path = normalize((request.url ?? "/").split("?")[0] ?? "/");
    const body = pages[path] ?? fileOf(folder, path);
    response.statusCode = body === undefined ? 404 : 200;
    if (path.startsWith("/simple")) response.setHeader("content-type", "text/html");
    response.end(body);
  };
  return { serve, close: () => rmSync(folder, { recursive: true, force: true }) };
}

function fileOf(folder: string, path: string): Buffer | undefined {
  if (!path.startsWith("/repository.git/")) return undefined;
  try {
    return readFileSync(join(folder, path));
  } catch {
    return undefined;
  }
}

function makeRepository(folder: string): void {
  const git = (cwd: string, ...parameters: string[]) => {
    const who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"];
    execFileSync("git", [...who, ...parameters], { cwd, stdio: "pipe" });
  };
  const source = join(folder, "source");
  mkdirSync(source);
  git(source, "init", "-q");
  writeFileSync(join(source, "greeting.txt"), "hello from git\n");
  git(source, "add", ".");
  git(source, "commit", "-q", "-m", "a greeting");
  git(folder, "clone", "-q", "--bare", "source", "repository.git");
  git(join(folder, "repository.git"), "update-server-info");
}

function makeWheel(folder: string): void {
  const program = `
import zipfile
with zipfile.ZipFile("${wheel}", "w") as wheel:
    wheel.writestr("greeting.py", "text = 'hello from pip'\\n")
    info = "greeting-1.0.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: greeting\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;
  execFileSync("/usr/bin/python3", ["-c", program], { cwd: folder, stdio: "pipe" });
}

const debian = "greeting_1.0_all.deb";

/** A repository of one package without signatures, which only a trusted source may have. */
function makeSystemPackage(folder: string): Record<string, Buffer | string> {
  if (!existsSync("/usr/bin/dpkg-deb")) return {};
  const control = [
    ...["Package: greeting", "Version: 1.0", "Architecture: all", "Maintainer: a <a@b>"],
    "Description: a greeting",
  ].join("\n");
  mkdirSync(join(folder, "deb/DEBIAN"), { recursive: true });
  mkdirSync(join(folder, "deb/usr/bin"), { recursive: true });
  writeFileSync(join(folder, "deb/DEBIAN/control"), `${control}\n`);
  const unwanted = "#!/bin/sh\ntouch /opt/environment/script-ran\n";
  writeFileSync(join(folder, "deb/DEBIAN/postinst"), unwanted, { mode: 0o755 });
  writeFileSync(join(folder, "deb/usr/bin/greet"), "#!/bin/sh\necho hello from apt\n", {
    mode: 0o755,
  });
  execFileSync("dpkg-deb", ["--build", "--root-owner-group", "deb", debian], {
    cwd: folder,
    stdio: "pipe",
  });
  const bytes = readFileSync(join(folder, debian));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const entry = `${control}\nFilename: ./${debian}\nSize: ${bytes.length}\nSHA256: ${sha256}\n`;
  return { "/debian/Packages": entry, [`/debian/${debian}`]: bytes };
}

function makeArchive(folder: string): Buffer {
  mkdirSync(join(folder, "package"));
  const manifest = { name: "greeting", version: "1.0.0", main: "index.js" };
  writeFileSync(join(folder, "package/package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package/index.js"), "module.exports = 'hello from npm';\n");
  execFileSync("tar", ["-czf", "archive.tgz", "package"], { cwd: folder, stdio: "pipe" });
  return readFileSync(join(folder, "archive.tgz"));
}
