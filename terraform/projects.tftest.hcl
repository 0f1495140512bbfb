mock_provider "google" {}

variables {
  project_id     = "acme-paddock-1"
  domain         = "api.acme.example"
  first_operator = "ada@acme.example"
  alerts         = { emails = ["ada@acme.example"] }
  images = {
    functions = "us-docker.pkg.dev/acme/functions@sha256:${join("", [for n in range(64) : "a"])}"
    runner    = "us-docker.pkg.dev/acme/runner@sha256:${join("", [for n in range(64) : "b"])}"
  }
  secret_versions = { gateway_tokens = "1", mail_login = "1", peppers = "2", provider_keys = "1" }
}

run "budget_without_project_number" {
  command         = plan
  expect_failures = [var.budget]

  variables {
    budget = { billing_account = "012345-6789AB-CDEF01", monthly_usd = 100 }
  }
}

run "budget_of_nothing" {
  command         = plan
  expect_failures = [var.budget]

  variables {
    project_number = "123456789012"
    budget         = { billing_account = "012345-6789AB-CDEF01", monthly_usd = 0 }
  }
}

run "keys_without_project_number" {
  command         = plan
  expect_failures = [var.encryption]

  variables {
    encryption = { customer_managed = true }
  }
}

run "a_trial_with_a_domain" {
  command         = plan
  expect_failures = [var.domain]

  variables {
    profile        = "trial"
    project_number = "123456789012"
  }
}

run "a_trial_without_the_projects_number" {
  command         = plan
  expect_failures = [var.profile]

  variables {
    domain  = null
    profile = "trial"
  }
}

run "a_trial_with_a_project_for_runners" {
  command         = plan
  expect_failures = [var.profile]

  variables {
    domain         = null
    profile        = "trial"
    project_number = "123456789012"
    runner_project = { id = "acme-runners", number = "210987654321" }
  }
}

run "a_deployment_without_a_domain" {
  command         = plan
  expect_failures = [var.domain]

  variables {
    domain = null
  }
}
