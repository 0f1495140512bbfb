import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findEtcNames } from "./etc-names.ts";

const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** A system with these files, and these links by their paths. */
function system(files: readonly string[], links: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), "paddock-etc-"));
  roots.push(root);
  const made = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  for (const path of files) writeFileSync(made(path), "");
  for (const [path, target] of Object.entries(links)) symlinkSync(target, made(path));
  return root;
}

describe("EXE-2 findEtcNames()", () => {
  test("names what packages link to, by the part of /etc that is theirs", () => {
    const root = system(
      ["etc/java-17/security/java.security", "etc/python3.11/sitecustomize.py", "etc/groff/man"],
      {
        "usr/lib/jvm/java-17/conf/security/java.security": "/etc/java-17/security/java.security",
        "usr/lib/python3.11/sitecustomize.py": "../../../etc/python3.11/sitecustomize.py",
        "usr/share/groff/site-tmac": "/etc/groff",
        "usr/bin/elsewhere": "/usr/lib/elsewhere",
      },
    );
    expect(findEtcNames(root)).toEqual(["groff", "java-17", "python3.11"]);
  });

  test("names what is read by a fixed name, where it exists", () => {
    const root = system(["etc/protocols", "etc/services", "etc/ssl/certs/a.pem", "etc/unknown"]);
    expect(findEtcNames(root)).toEqual(["protocols", "services", "ssl/certs"]);
  });

  test.each(["environment", "passwd", "shadow", "ssh", "machine-id", "hosts", "systemd"])(
    "never names /etc/%s, whatever links to it",
    (name) => {
      const root = system([`etc/${name}/x`, "etc/services"], {
        "usr/lib/one": `/etc/${name}`,
        "usr/lib/two": `/etc/${name}/x`,
        "usr/lib/three": "/etc",
      });
      expect(findEtcNames(root)).toEqual(["services"]);
    },
  );

  test("shows the certificates and settings of /etc/ssl, but no private key", () => {
    const root = system(["etc/ssl/private/key", "etc/ssl/openssl.cnf"], {
      "usr/lib/ssl/private": "/etc/ssl/private",
      "usr/lib/ssl/openssl.cnf": "/etc/ssl/openssl.cnf",
    });
    expect(findEtcNames(root)).toEqual(["ssl/openssl.cnf"]);
  });

  test("leaves out what is linked to and isn't there", () => {
    expect(findEtcNames(system([], { "usr/share/gone": "/etc/gone" }))).toEqual([]);
  });
});
