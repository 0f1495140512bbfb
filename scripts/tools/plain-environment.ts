/**
 * What a test run takes over from the shell it is started in. A developer's shell holds keys of
 * providers, a profile of the command line, git's variables inside a hook, a language; each changed
 * the result of some test, and git's would have let tests write into the developer's repository.
 * So it is a list of what is taken, and what it doesn't name is forgotten.
 */
const taken = new Set([
  // Where programs are, and whose they are.
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "XDG_CACHE_HOME", "JAVA_HOME"],
  ...["FIRESTORE_EMULATOR_JAR", "CLOUDSDK_ROOT_DIR", "NODE_COMPILE_CACHE"],
  // How the terminal shows it. FORCE_COLOR would colour what tests compare.
  ...["TERM", "CI", "NO_COLOR"],
  // How packages and providers are reached from this machine.
  ...["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "TERRAFORM_OFFLINE"],
  ...["TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"],
  // What is asked of the run. Results are the same in each zone, so that isn't fixed.
  ...["TZ", "PADDOCK_LONG", "PADDOCK_SEED", "PADDOCK_EVERY_ROW", "PADDOCK_WRITE_DOCS"],
  ...["PADDOCK_COMMIT", "PADDOCK_CHAOS_MS", "PADDOCK_CHAOS_ROUND", "PADDOCK_TRACE"],
]);
/** Vitest's and our reporter's own, npm's settings, and proxies. */
const takenForms = /^(?:VITEST|PADDOCK_TEST_|npm_|(?:https?|no|all)_proxy$)/i;

/** Forgets in `environment` what a test run doesn't take over; its child processes lack it too. */
export function forgetShell(environment: NodeJS.ProcessEnv = process.env): void {
  for (const name of Object.keys(environment)) {
    if (!taken.has(name) && !takenForms.test(name)) delete environment[name];
  }
}
