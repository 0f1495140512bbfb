/**
 * No call of any function takes longer: the platform ends it. A deleted account is erased only
 * after that time, so nothing that began before the deletion can still write for it.
 */
export const longestCallSeconds = 1_800;
