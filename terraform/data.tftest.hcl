# What each module refuses by itself, whatever the root asks of it.
mock_provider "google" {}

variables {
  export_days  = 7
  project_id   = "paddock-test"
  domain       = "api.example.com"
  indexes_file = "../firestore.indexes.json"
  rules_file   = "../firestore.rules"

  archive_retention_days    = 2557
  checkpoint_retention_days = 400
  database_of               = { sealingKeys = "keys" }
  noncurrent_days           = 7
  retention_days            = { executions = 30, access = 90, audit = 400, _Default = 1 }
  soft_delete_days          = 7
}

run "backups_beyond_eight_weeks" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    backup = { retention_weeks = 9 }
  }
  expect_failures = [var.backup]
}

run "databases_abroad" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    location = "eur3"
  }
  expect_failures = [var.location]
}

run "databases_that_may_be_deleted" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    protected = false
  }
  assert {
    condition = alltrue([
      for database in values(google_firestore_database.default) :
      database.deletion_policy == "DELETE"
      && database.delete_protection_state == "DELETE_PROTECTION_DISABLED"
    ])
    error_message = "Without protection, destroy deletes the databases."
  }
}

run "keys_abroad" {
  command = plan
  module {
    source = "./modules/keys"
  }
  variables {
    location = "europe"
  }
  expect_failures = [var.location]
}

run "keys_that_never_rotate" {
  command = plan
  module {
    source = "./modules/keys"
  }
  variables {
    rotation_days = 1000
  }
  expect_failures = [var.rotation_days]
}

run "keys_for_people" {
  command = plan
  module {
    source = "./modules/keys"
  }
  variables {
    at_rest = { logs = "user:somebody@example.com" }
  }
  expect_failures = [var.at_rest]
}

run "secrets_by_latest" {
  command = plan
  module {
    source = "./modules/secrets"
  }
  variables {
    versions = { peppers = "latest" }
  }
  expect_failures = [var.versions]
}

run "buckets_abroad" {
  command = plan
  module {
    source = "./modules/storage"
  }
  variables {
    location = "EU"
  }
  expect_failures = [var.location]
}

run "billing_records_for_six_years" {
  command = plan
  module {
    source = "./modules/storage"
  }
  variables {
    archive_retention_days = 2191
  }
  expect_failures = [var.archive_retention_days]
}

run "deleted_objects_for_a_month" {
  command = plan
  module {
    source = "./modules/storage"
  }
  variables {
    noncurrent_days = 30
  }
  expect_failures = [var.noncurrent_days]
}

run "buckets_that_may_be_deleted" {
  command = plan
  module {
    source = "./modules/storage"
  }
  variables {
    protected = false
  }
  assert {
    condition = alltrue([
      for bucket in values(google_storage_bucket.default) :
      bucket.force_destroy && alltrue([for policy in bucket.retention_policy : !policy.is_locked])
    ])
    error_message = "Without protection, destroy deletes the buckets."
  }
}

run "logs_abroad" {
  command = plan
  module {
    source = "./modules/logs"
  }
  variables {
    location = "global"
  }
  expect_failures = [var.location]
}

run "alerts_to_nobody" {
  command = plan
  module {
    source = "./modules/watch"
  }
  variables {
    alerts           = { emails = [] }
    functions        = {}
    operator_account = "ada@example.com"
  }
  expect_failures = [var.alerts]
}

run "policies_abroad" {
  command = plan
  module {
    source = "./modules/policies"
  }
  variables {
    locations = ["in:eu-locations"]
  }
  expect_failures = [var.locations]
}

run "policies_that_nobody_asked_for" {
  command = plan
  module {
    source = "./modules/policies"
  }
  assert {
    condition     = length(google_org_policy_policy.default) == 0
    error_message = "Only who may set policies of the organisation does."
  }
}
