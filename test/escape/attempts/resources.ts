/** One byte, file or process too many, which mustn't affect the machine. */
import { terminalsMax } from "../../../runner/launcher/file-systems.ts";
import type { EscapeAttempt, Wall } from "../support/attempt.ts";
import { cellLimits, megabyte, walls } from "../support/walls.ts";

const { memoryBytes, processesMax, openFilesMax, workspaceInodesMax } = cellLimits;
const full = "*No space left*";

function exhaust(name: string, script: string, behind: Wall, alone = true): EscapeAttempt {
  const each = { name, control: "EXE-5", script, behind: [behind], mode: "userns" } as const;
  return alone ? { ...each, alone } : each;
}

/** Fills up in files that are smaller than the limit of a single file. */
const fill = (folder: string) =>
  `verdict "$(for i in 1 2 3; do head -c 3M /dev/zero >${folder}/$i; done 2>&1)" "" "${full}"`;
const forkUntil = (count: number) => `perl -e '
  $| = 1; my $n = 0; while ($n <= ${count}) { my $p = fork; last unless defined $p;
    if (!$p) { sleep 60; exit } $n++ } print $n > ${count} ? "many" : "no more"; kill 9, -$$'`;

export const onResources: readonly EscapeAttempt[] = [
  exhaust(
    "a memory bomb",
    `verdict "$(perl -e 'vec(my $x, ${memoryBytes + 8 * megabyte}, 8) = 1; print "fits"')" fits ""`,
    walls.memory,
  ),
  exhaust(
    "memory hidden in files of shared memory",
    `verdict "$(for i in 1 2 3; do head -c 3M /dev/zero >/dev/shm/$i; done 2>&1)" "" "${full}"`,
    walls.sizedSharedMemory,
  ),
  exhaust(
    "a fork bomb",
    `verdict "$(setsid -w ${forkUntil(processesMax)} 2>&1)" "*many*" "*no more*"`,
    walls.processCount,
  ),
  exhaust("a full workspace", fill("/workspace"), walls.workspaceSize),
  exhaust("a full /tmp", fill("/tmp"), walls.tmpSize),
  exhaust(
    "more files than there are inodes",
    `verdict "$(for i in $(seq ${workspaceInodesMax + 10}); do : >$i || break; done 2>&1)" "" "${full}"`,
    walls.inodes,
  ),
  exhaust(
    "more open files than there may be",
    `verdict "$(perl -e 'my @f; while (@f <= ${openFilesMax}) { open(my $f, "<", "/dev/null") or last;
      push @f, $f } print @f > ${openFilesMax} ? "more" : $!')" more "Too many open files"`,
    walls.openFiles,
    false,
  ),
  exhaust(
    "all of the machine's terminals",
    `verdict "$(perl -e 'my @f; while (@f <= ${terminalsMax}) { open(my $f, "+<", "/dev/ptmx") or last;
      push @f, $f } print @f > ${terminalsMax} ? "more" : $!')" more "No space left on device"`,
    walls.countedTerminals,
    false,
  ),
  exhaust(
    "a file larger than it may be",
    `verdict "$(sh -c 'head -c 5M /dev/zero >/tmp/large' 2>&1; stat -c %s /tmp/large)" \\
      "5242880" "*4194304"; rm /tmp/large`,
    walls.fileSize,
    false,
  ),
];
