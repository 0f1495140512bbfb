mock_provider "google" {}

variables {
  project_id = "acme-paddock-1"
  region     = "us-central1"
  image      = "us-docker.pkg.dev/acme/functions@sha256:${join("", [for n in range(64) : "a"])}"
  databases  = { main = "(default)", keys = "keys" }
  keys       = { trigger-secrets = "key-1", checkpoints = "key-2" }
  log_views  = { access = { location = "us", bucket = "paddock-access", name = "paddock-access" } }
  secrets    = { provider-keys = { name = "paddock-provider-keys", version = "4" } }
  jobs       = ["runner-lite-none", "runner-lite-internet"]

  functions = {
    # None of these names stands anywhere in Terraform.
    webhooks = {
      limits      = { concurrency = 8, instancesMax = 3, memoryMib = 512, timeoutSeconds = 30 }
      nodeOptions = "--max-old-space-size=256"
      roles       = ["firestore.main", "kms.unwrap.trigger-secrets", "secret.provider-keys"]
      routes      = [{ authenticate = "public", paths = ["/v1/webhooks/:id"] }]
      summary     = "Takes calls from elsewhere"
      visibility  = "edge"
    }
    audit-sequencer = {
      limits      = { concurrency = 1, instancesMax = 1, memoryMib = 512, timeoutSeconds = 300 }
      nodeOptions = "--max-old-space-size=256"
      roles       = ["firestore.main", "kms.sign.checkpoints"]
      routes      = [{ authenticate = "scheduler", paths = ["/internal/sequence"] }]
      summary     = "Signs checkpoints"
      visibility  = "internal"
    }
  }
}

run "a_function_that_is_added" {
  command = plan

  assert {
    condition = (
      google_kms_crypto_key_iam_member.default[
        "webhooks/trigger-secrets/cloudkms.cryptoKeyDecrypter"
      ].crypto_key_id == "key-1"
    )
    error_message = "A purpose that is added is granted on its own key."
  }

  assert {
    condition = anytrue([
      for env in google_cloud_run_v2_service.default["webhooks"].template[0].containers[0].env :
      env.name == "PADDOCK_PROVIDER_KEYS_FILE" && env.value == "/secrets/provider-keys/value.json"
    ])
    error_message = "A secret that is added is mounted, and its file told by its name."
  }

  assert {
    condition = (
      google_cloud_run_v2_service.default["webhooks"].default_uri_disabled
      && !google_cloud_run_v2_service.default["audit-sequencer"].default_uri_disabled
    )
    error_message = "What Scheduler calls alone has an address of its own."
  }

  assert {
    condition = length([
      for key, grant in local.grants.key : key if grant.role == "roles/cloudkms.signer"
    ]) == 1
    error_message = "Who signs is granted that on one key."
  }

  assert {
    condition     = length(google_cloud_run_v2_job_iam_member.default) == 0
    error_message = "Who doesn't ask for jobs may neither start nor stop any."
  }
}

run "starts_on_every_job" {
  command = plan

  variables {
    functions = {
      schedules = {
        limits      = { concurrency = 8, instancesMax = 3, memoryMib = 512, timeoutSeconds = 30 }
        nodeOptions = ""
        roles       = ["jobs.run"]
        routes      = [{ authenticate = "api-key", paths = ["/v1/schedules"] }]
        summary     = "Starts when it is time"
        visibility  = "edge"
      }
    }
  }

  assert {
    condition = (
      length([
        for grant in google_cloud_run_v2_job_iam_member.default : grant.name
        if grant.role == "roles/run.jobsExecutorWithOverrides"
      ]) == 2
    )
    error_message = "Starting is granted on each job, and not on the project."
  }
}

run "a_role_that_nobody_knows" {
  command         = plan
  expect_failures = [google_service_account.default]

  variables {
    functions = {
      webhooks = {
        limits      = { concurrency = 8, instancesMax = 3, memoryMib = 512, timeoutSeconds = 30 }
        nodeOptions = ""
        roles       = ["everything.always"]
        routes      = [{ authenticate = "public", paths = ["/v1/webhooks/:id"] }]
        summary     = "Wants too much"
        visibility  = "edge"
      }
    }
  }
}

run "a_key_that_does_not_exist" {
  command         = plan
  expect_failures = [google_service_account.default]

  variables {
    functions = {
      webhooks = {
        limits      = { concurrency = 8, instancesMax = 3, memoryMib = 512, timeoutSeconds = 30 }
        nodeOptions = ""
        roles       = ["kms.wrap.nothing"]
        routes      = [{ authenticate = "public", paths = ["/v1/webhooks/:id"] }]
        summary     = "Wants a key that isn't there"
        visibility  = "edge"
      }
    }
  }
}

run "both_sides_of_one_purpose" {
  command         = plan
  expect_failures = [google_service_account.default]

  variables {
    functions = {
      webhooks = {
        limits      = { concurrency = 8, instancesMax = 3, memoryMib = 512, timeoutSeconds = 30 }
        nodeOptions = ""
        roles       = ["kms.unwrap.trigger-secrets", "kms.wrap.trigger-secrets"]
        routes      = [{ authenticate = "public", paths = ["/v1/webhooks/:id"] }]
        summary     = "Would make what it opens"
        visibility  = "edge"
      }
    }
  }
}

run "a_name_too_long_for_an_account" {
  command         = plan
  expect_failures = [var.functions]

  variables {
    functions = {
      a-name-that-is-longer-than-an-account = {
        limits      = { concurrency = 8, instancesMax = 3, memoryMib = 512, timeoutSeconds = 30 }
        nodeOptions = ""
        roles       = []
        routes      = [{ authenticate = "public", paths = ["/v1/long"] }]
        summary     = "Has too long a name"
        visibility  = "edge"
      }
    }
  }
}
