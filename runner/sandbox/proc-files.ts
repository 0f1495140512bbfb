/** Files of `/proc` and `/sys` that the sandbox gets in place of the machine's own. */

/** Below `/proc`; each hides what is the machine's, and programs that read it go on. */
export const procFileNames = ["loadavg", "sys/kernel/random/boot_id"] as const;

/** @param id Any UUID: programs tell one start of a machine from the next by it. */
export function procFiles(id: string): Record<(typeof procFileNames)[number], string> {
  return {
    loadavg: "0.00 0.00 0.00 1/1 1\n",
    "sys/kernel/random/boot_id": `${id}\n`,
  };
}

/**
 * Below `/sys`: which CPUs there are, which `/proc/cpuinfo` tells as well, so that what counts them
 * doesn't fail. Nothing else of the machine's devices is there.
 *
 * @param cpus As the kernel writes it: `0-3`.
 */
export function sysFiles(cpus: string): Record<string, string> {
  const names = ["online", "possible", "present"];
  return Object.fromEntries(names.map((name) => [`devices/system/cpu/${name}`, `${cpus}\n`]));
}
