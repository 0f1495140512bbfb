/** Which namespaces a process has of its own, according to the kernel and not to the process. */
import { readlinkSync } from "node:fs";
import type { SandboxMode } from "#shared/protocol/sandbox-mode";

const kinds = ["cgroup", "ipc", "mnt", "net", "pid", "uts"];
/** In mode setpriv there is no user namespace; the uid is dropped inside instead. */
const kindsByMode = { userns: [...kinds, "user"], setpriv: kinds } as const;

/**
 * @returns The namespaces of `mode` that `pid` shares with us; an unreadable one counts as shared.
 */
export function sharedNamespaces(pid: number, mode: SandboxMode): string[] {
  return kindsByMode[mode].filter((kind) => {
    const [own, other] = [namespaceOf("self", kind), namespaceOf(`${pid}`, kind)];
    return own === undefined || other === undefined || own === other;
  });
}

function namespaceOf(process: string, kind: string): string | undefined {
  try {
    return readlinkSync(`/proc/${process}/ns/${kind}`);
  } catch {
    return undefined;
  }
}
