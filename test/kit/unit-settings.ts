/** What every function's environment has; unit tests read settings in any order. */
process.env.GOOGLE_CLOUD_PROJECT ??= "paddock-test";
