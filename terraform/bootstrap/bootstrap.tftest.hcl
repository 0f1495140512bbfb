mock_provider "google" {}

variables {
  project_id = "acme-paddock-1"
}

run "without_a_repository" {
  command = plan

  assert {
    condition     = length(google_iam_workload_identity_pool.default) == 0
    error_message = "No workflow is trusted unless a repository is named."
  }

  assert {
    condition     = join(",", keys(google_service_account.default)) == "build"
    error_message = "Without a repository there is an account for builds alone."
  }

  assert {
    condition     = google_storage_bucket.state.versioning[0].enabled
    error_message = "State must have a history to go back to."
  }

  assert {
    condition     = google_artifact_registry_repository.default.docker_config[0].immutable_tags
    error_message = "What a tag names must stay what it was."
  }
}

run "with_a_repository" {
  command = plan

  variables {
    github = { repository = "acme/paddock", repository_id = "123456789" }
  }

  assert {
    condition = strcontains(
      google_iam_workload_identity_pool_provider.default["deploy"].attribute_condition,
      "assertion.ref == 'refs/heads/main'",
    )
    error_message = "Only the branch may deploy."
  }

  assert {
    condition = alltrue([
      for provider in google_iam_workload_identity_pool_provider.default :
      strcontains(provider.attribute_condition, "assertion.repository_id == '123456789'")
    ])
    error_message = "Only the repository with this number may enter a pool."
  }
}

run "protection_off" {
  command = plan

  variables {
    protection = { deletion = false }
  }

  assert {
    condition     = google_storage_bucket.state.force_destroy
    error_message = "Without protection, destroy takes the state's bucket with it."
  }
}

run "refuses_a_region_elsewhere" {
  command = plan

  variables {
    region         = "europe-west1"
    location       = "EU"
    secret_regions = ["europe-west1", "us-east1"]
  }

  expect_failures = [var.region, var.location, var.secret_regions]
}

run "refuses_a_repository_with_a_host" {
  command = plan

  variables {
    github = { repository = "github.com/acme/paddock", repository_id = "123456789" }
  }

  expect_failures = [var.github]
}

run "refuses_a_repository_without_its_number" {
  command = plan

  variables {
    github = { repository = "acme/paddock", repository_id = "paddock" }
  }

  expect_failures = [var.github]
}

run "refuses_a_branch_that_ends_the_condition" {
  command = plan

  variables {
    github = { repository = "acme/paddock", repository_id = "1", branch = "main' || true || '" }
  }

  expect_failures = [var.github]
}

run "refuses_a_project_by_number" {
  command = plan

  variables {
    project_id = "123456789012"
  }

  expect_failures = [var.project_id]
}

run "refuses_one_region_for_secrets" {
  command = plan

  variables {
    secret_regions = ["us-east1", "us-east1"]
  }

  expect_failures = [var.secret_regions]
}
