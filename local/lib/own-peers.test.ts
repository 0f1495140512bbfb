import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startIdentity } from "../identity/server.ts";
import { startRun } from "../run/server.ts";
import { startStorage } from "../storage/server.ts";

const [root, nobody] = [0, 65_534];
/** What begins a connection of HTTP/2; a server answers it with its settings. */
const preface = "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n\\0\\0\\0\\4\\0\\0\\0\\0\\0";
const line = `my $line = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die "no listener";`;
/** Says `answered`, or `refused` if the connection ends first. */
const callsRpc = `${line} print $line "${preface}";
print sysread($line, my $said, 1) ? "answered" : "refused";`;
/** Says the status of the answer. */
const getsUrl = (path: string) => `${line} my $host = "Host: 127.0.0.1:$ARGV[0]";
print $line "GET ${path} HTTP/1.0\\r\\n$host\\r\\nMetadata-Flavor: Google\\r\\n\\r\\n";
my ($version, $status) = split / /, scalar <$line>;
print $status;`;

let folder: string;
const servers: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "paddock-own-peers-"));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
});

function closedAfterwards<T extends { close(): Promise<void> }>(server: T): T {
  servers.push(server);
  return server;
}

/** What a program says that runs as a user of this machine. */
async function sayAs(uid: number, program: string, port: number): Promise<string> {
  const user = ["--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups"];
  const perl = ["perl", "-MIO::Socket::INET", "-e", program, `${port}`];
  const child = spawn("setpriv", [...user, ...perl], { stdio: ["ignore", "pipe", "inherit"] });
  return await text(child.stdout);
}

describe.skipIf(process.getuid?.() !== 0)("a local service answers its own user alone", () => {
  test("that runs programs", async () => {
    const run = await startRun({
      ...{ projectId: "p", region: "r", cloudId: "own-peers", metadataHost: "", jobs: [] },
      dataFolder: folder,
      containers: () => ({ run: () => expect.fail(), close: async () => undefined }),
    });
    const { port } = closedAfterwards(run);
    expect(await sayAs(root, callsRpc, port)).toBe("answered");
    expect(await sayAs(nobody, callsRpc, port)).toBe("refused");
  });

  test("that keeps objects", async () => {
    const storage = await startStorage({ dataFolder: folder, buckets: ["kept"] });
    const { port } = closedAfterwards(storage);
    expect(await sayAs(root, getsUrl("/b/kept/o"), port)).toBe("200");
    expect(await sayAs(nobody, getsUrl("/b/kept/o"), port)).toBe("403");
  });

  test("that says who a function is, and a container of any user's who it is", async () => {
    const identity = closedAfterwards(await startIdentity({ dataFolder: folder, projectId: "p" }));
    const path = "/computeMetadata/v1/instance/service-accounts/default/token";
    const files = await identity.startMetadataServer({ email: "files", isForOwnUser: true });
    expect(await sayAs(root, getsUrl(path), files.port)).toBe("200");
    expect(await sayAs(nobody, getsUrl(path), files.port)).toBe("403");
    const runner = await identity.startMetadataServer({ email: "runner" });
    expect(await sayAs(nobody, getsUrl(path), runner.port)).toBe("200");
  });
});
