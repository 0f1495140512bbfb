/** Files of `/proc` and `/sys` that replace the machine's own in the sandbox. */

/** Below `/proc`: each hides the machine's value and keeps programs that read it working. */
export const procFileNames = ["loadavg", "sys/kernel/random/boot_id"] as const;

/** @param id Any UUID; programs use it to tell one boot from the next. */
export function procFiles(id: string): Record<(typeof procFileNames)[number], string> {
  return {
    loadavg: "0.00 0.00 0.00 1/1 1\n",
    "sys/kernel/random/boot_id": `${id}\n`,
  };
}

/**
 * Below `/sys`: the CPUs, which `/proc/cpuinfo` shows as well, so that programs can count them. No
 * other device of the machine is there.
 *
 * @param cpus In the kernel's notation: `0-3`.
 */
export function sysFiles(cpus: string): Record<string, string> {
  const names = ["online", "possible", "present"];
  return Object.fromEntries(names.map((name) => [`devices/system/cpu/${name}`, `${cpus}\n`]));
}
