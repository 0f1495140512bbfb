/** The `/etc` of the sandbox, without the host's users, hosts or resolvers. */

import { ownPrograms } from "#shared/protocol/sandbox-paths";

/** The sandbox's name for itself. */
export const hostname = "paddock";

export function etcFiles(uid: number): Record<string, string> {
  return {
    passwd: [
      "root:x:0:0:root:/:/usr/sbin/nologin",
      `agent:x:${uid}:${uid}:agent:/tmp:/bin/bash`,
      "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin",
      "",
    ].join("\n"),
    group: `root:x:0:\nagent:x:${uid}:\nnogroup:x:65534:\n`,
    hostname: `${hostname}\n`,
    hosts: `127.0.0.1 localhost ${hostname}\n::1 localhost ip6-localhost ip6-loopback ${hostname}\n`,
    // Every database is listed, because the defaults of C libraries differ.
    "nsswitch.conf": ["passwd", "group", "hosts", "networks", "protocols", "services", "rpc"]
      .map((database) => `${database}: files\n`)
      .join(""),
    // Its usual place for `--global` is below its Node, which is read-only; pip knows this one.
    npmrc: `prefix=${ownPrograms}\n`,
    // Without a resolver a lookup fails at once instead of timing out.
    "resolv.conf": "options attempts:1 timeout:1\n",
  };
}
