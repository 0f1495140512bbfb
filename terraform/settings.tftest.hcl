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

run "domain_with_scheme" {
  command         = plan
  expect_failures = [var.domain]

  variables {
    domain = "https://api.acme.example"
  }
}

run "domain_without_dot" {
  command         = plan
  expect_failures = [var.domain]

  variables {
    domain = "localhost"
  }
}

run "image_by_tag" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = {
      functions = "us-docker.pkg.dev/acme/functions:latest"
      runner    = "us-docker.pkg.dev/acme/runner:latest"
    }
  }
}

run "secret_without_version" {
  command         = plan
  expect_failures = [var.secret_versions]

  variables {
    secret_versions = { gateway_tokens = "latest", mail_login = "1", peppers = "1", provider_keys = "1" }
  }
}

run "operator_without_address" {
  command         = plan
  expect_failures = [var.first_operator]

  variables {
    first_operator = "ada"
  }
}

run "alerts_to_nobody" {
  command         = plan
  expect_failures = [var.alerts]

  variables {
    alerts = { emails = [] }
  }
}

run "reports_to_nobody" {
  command         = plan
  expect_failures = [var.security]

  variables {
    security = { contacts = [] }
  }
}

run "reports_to_no_address" {
  command         = plan
  expect_failures = [var.security]

  variables {
    security = { contacts = ["ada@acme.example"] }
  }
}
