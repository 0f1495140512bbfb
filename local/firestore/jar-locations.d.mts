export const downloadedJarName: string;
export function cacheFolder(environment?: NodeJS.ProcessEnv): string;
export function firestoreJarLocations(environment?: NodeJS.ProcessEnv): string[];
