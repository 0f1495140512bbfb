/** The `/etc` the sandbox sees: nothing of the host's users, hosts or resolvers. */

export const etcFileNames = ["passwd", "group", "hosts", "nsswitch.conf", "resolv.conf"] as const;

export function etcFiles(uid: number): Record<(typeof etcFileNames)[number], string> {
  return {
    passwd: [
      "root:x:0:0:root:/:/usr/sbin/nologin",
      `agent:x:${uid}:${uid}:agent:/tmp:/bin/bash`,
      "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin",
      "",
    ].join("\n"),
    group: `root:x:0:\nagent:x:${uid}:\nnogroup:x:65534:\n`,
    hosts: "127.0.0.1 localhost paddock\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    // No resolver: a lookup fails at once instead of timing out.
    "resolv.conf": "options attempts:1 timeout:1\n",
  };
}
