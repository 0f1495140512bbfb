/**
 * How promises are kept by the deployment: the proofs of kind `T`, which are policy tests over the
 * Terraform plan (`test/policy`). `controls.ts` has the proofs on a laptop.
 */
import type { Control } from "./control.ts";

/** Keys are the promises' ids. */
export const deploymentControls: Readonly<Record<string, Control>> = {
  "AUD-5": {
    enforcedBy: "terraform/modules/logs/main.tf",
    test: "test/policy/audit.test.ts",
    mutation: {
      file: "terraform/modules/logs/main.tf",
      find: "access     = { locked = var.locked, holds",
      replace: "access     = { locked = false, holds",
    },
  },
  "AUD-6": {
    enforcedBy: "terraform/modules/logs/data-access.tf",
    test: "test/policy/audit.test.ts",
    mutation: {
      file: "terraform/modules/logs/data-access.tf",
      find: '"ADMIN_READ", "DATA_READ", "DATA_WRITE"',
      replace: '"ADMIN_READ", "DATA_WRITE"',
    },
  },
  "DAT-1": {
    enforcedBy: "terraform/modules/keys/at-rest.tf",
    test: "test/policy/data.test.ts",
    mutation: {
      file: "terraform/modules/storage/main.tf",
      find: "var.kms_key == null ? [] : [var.kms_key]",
      replace: "var.kms_key == null ? [] : []",
    },
  },
  "DAT-2": {
    enforcedBy: "terraform/variables.tf",
    test: "test/policy/data.test.ts",
    mutation: {
      file: "terraform/variables.tf",
      find: 'can(regex("^(US|us-[a-z]+[0-9]+)$", var.location))',
      replace: 'can(regex("^(US|EU|us-[a-z]+[0-9]+)$", var.location))',
    },
  },
  "DAT-4": {
    enforcedBy: "terraform/modules/database/backups.tf",
    test: "test/policy/data.test.ts",
    mutation: {
      file: "terraform/modules/database/backups.tf",
      find: "var.backup.retention_weeks * 7",
      replace: "var.backup.retention_weeks * 14",
    },
  },
  "DAT-6": {
    enforcedBy: "terraform/modules/database/indexes.tf",
    test: "test/policy/data.test.ts",
    mutation: {
      file: "terraform/modules/database/indexes.tf",
      find: "try(each.value.ttl, false) ? [true] : []",
      replace: "try(each.value.ttl, false) ? [] : []",
    },
  },
  "EDG-1": {
    enforcedBy: "terraform/modules/edge/armor.tf",
    test: "test/policy/edge.test.ts",
    mutation: {
      file: "terraform/modules/edge/main.tf",
      find: "= google_compute_security_policy.default.id",
      replace: "= null",
    },
  },
  "EDG-2": {
    enforcedBy: "terraform/modules/edge/armor.tf",
    test: "test/policy/edge.test.ts",
    mutation: {
      file: "terraform/modules/edge/armor.tf",
      find: "= var.armor.requests_max",
      replace: "= 20 * var.armor.requests_max",
    },
  },
  "EDG-3": {
    enforcedBy: "terraform/modules/edge/certificate.tf",
    test: "test/policy/edge.test.ts",
    mutation: {
      file: "terraform/modules/edge/certificate.tf",
      find: 'min_tls_version = "TLS_1_2"',
      replace: 'min_tls_version = "TLS_1_0"',
    },
  },
  "EDG-5": {
    enforcedBy: "terraform/modules/edge/main.tf",
    test: "test/policy/edge.test.ts",
    mutation: {
      file: "terraform/modules/edge/main.tf",
      find: '= "443"',
      replace: '= "80"',
    },
  },
  "EDG-6": {
    enforcedBy: "terraform/modules/functions/main.tf",
    test: "test/policy/edge.test.ts",
    mutation: {
      file: "terraform/modules/functions/main.tf",
      find: ': "INGRESS_TRAFFIC_INTERNAL_ONLY"',
      replace: ': "INGRESS_TRAFFIC_ALL"',
    },
  },
  "EXE-1": {
    enforcedBy: "terraform/modules/runner/main.tf",
    test: "test/policy/runner.test.ts",
    mutation: {
      file: "terraform/modules/runner/main.tf",
      find: "max_retries           = 0",
      replace: "max_retries           = 3",
    },
  },
  "INC-2": {
    enforcedBy: "terraform/modules/watch/alerts.tf",
    test: "test/policy/alerts.test.ts",
    mutation: {
      file: "terraform/modules/watch/alerts.tf",
      find: "notification_channels = local.channels",
      replace: "notification_channels = []",
    },
  },
  "MOD-1": {
    enforcedBy: "terraform/modules/functions/main.tf",
    test: "test/policy/models.test.ts",
    mutation: {
      file: "terraform/modules/functions/main.tf",
      find: 'if contains(function.roles, "secret.',
      replace: 'if true || contains(function.roles, "secret.',
    },
  },
  "NET-1": {
    enforcedBy: "terraform/modules/network/firewall.tf",
    test: "test/policy/runner.test.ts",
    mutation: {
      file: "terraform/modules/network/nat.tf",
      find: "=> subnet if subnet.leaves",
      replace: "=> subnet",
    },
  },
  "NET-7": {
    enforcedBy: "terraform/modules/network/apart.tf",
    test: "test/policy/runner.test.ts",
    mutation: {
      file: "terraform/modules/network/names.tf",
      find: '"*.run.app."',
      replace: '"*.run.example."',
    },
  },
  "OPS-1": {
    enforcedBy: "terraform/modules/functions/role-grants.json",
    test: "test/policy/accounts.test.ts",
    mutation: {
      file: "terraform/modules/functions/role-grants.json",
      find: '"roles": ["executionStopper"]',
      replace: '"roles": ["roles/run.jobsExecutorWithOverrides"]',
    },
  },
  "OPS-10": {
    enforcedBy: "terraform/attestation.tf",
    test: "test/policy/supply-chain.test.ts",
    mutation: {
      file: "terraform/attestation.tf",
      find: "ENFORCED_BLOCK_AND_AUDIT_LOG",
      replace: "DRYRUN_AUDIT_LOG_ONLY",
    },
  },
  "OPS-2": {
    enforcedBy: "terraform/functions.tf",
    test: "test/policy/deployment.test.ts",
    mutation: {
      file: "terraform/modules/functions/main.tf",
      find: "deletion_protection = false",
      replace: "deletion_protection = true",
    },
  },
  "OPS-3": {
    enforcedBy: "terraform/bootstrap/registry.tf",
    test: "test/policy/supply-chain.test.ts",
    mutation: {
      file: "terraform/bootstrap/registry.tf",
      find: "immutable_tags = true",
      replace: "immutable_tags = false",
    },
  },
  "OPS-6": {
    enforcedBy: "terraform/modules/watch/edge.tf",
    test: "test/policy/alerts.test.ts",
    mutation: {
      file: "terraform/modules/watch/edge.tf",
      find: 'period           = "60s"',
      replace: 'period           = "900s"',
    },
  },
  "SEC-3": {
    enforcedBy: "terraform/modules/functions/role-grants.json",
    test: "test/policy/accounts.test.ts",
    mutation: {
      file: "terraform/modules/functions/role-grants.json",
      find: 'roles/cloudkms.cryptoKeyEncrypter"',
      replace: 'roles/cloudkms.cryptoKeyEncrypterDecrypter"',
    },
  },
  "SEC-6": {
    enforcedBy: "terraform/modules/database/main.tf",
    test: "test/policy/keys.test.ts",
    mutation: {
      file: "terraform/modules/database/main.tf",
      find: '"POINT_IN_TIME_RECOVERY_DISABLED"',
      replace: '"POINT_IN_TIME_RECOVERY_ENABLED"',
    },
  },
  "SEC-9": {
    enforcedBy: "terraform/modules/egress/main.tf",
    test: "test/policy/egress.test.ts",
    mutation: {
      file: "terraform/functions.tf",
      find: 'startswith(role, "kms.unwrap.")',
      replace: 'startswith(role, "kms.opens.")',
    },
  },
};
