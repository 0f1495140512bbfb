/** A certificate authority for tests, which is made each time. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TestCa {
  /** PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** One certificate for all of `names`, which may be addresses. */
export function makeTestCa(names: readonly string[]): TestCa {
  const folder = mkdtempSync(join(tmpdir(), "paddock-ca-"));
  const at = (name: string) => join(folder, name);
  const openssl = (...parameters: string[]) =>
    execFileSync("openssl", parameters, { cwd: folder, stdio: "pipe" });
  try {
    const self = ["-subj", "/CN=Test CA", "-days", "2"];
    openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", ...self);
    openssl("req", ...newKey, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=leaf");
    const alternatives = names.map((name) => `${isIP(name) ? "IP" : "DNS"}:${name}`).join(",");
    writeFileSync(at("leaf.cnf"), `subjectAltName=${alternatives}\n`);
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
    openssl(
      "x509",
      "-req",
      "-in",
      "leaf.csr",
      ...signed,
      "-extfile",
      "leaf.cnf",
      "-out",
      "leaf.pem",
    );
    const read = (name: string) => readFileSync(at(name), "utf8");
    return { ca: read("ca.pem"), cert: read("leaf.pem"), key: read("leaf.key") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
