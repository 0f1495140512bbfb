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

run "window_unknown_to_armor" {
  command         = plan
  expect_failures = [var.armor]

  variables {
    armor = { window_seconds = 901 }
  }
}

run "one_limit_for_addresses" {
  command = plan

  variables {
    limits = { addresses = { max = 500, windowMs = 60000 } }
  }

  assert {
    condition     = local.armor.requests_max == 500 && local.armor.window_seconds == 60
    error_message = "Cloud Armor takes the limit of addresses that the functions' limits state."
  }
}

run "limit_in_a_window_unknown_to_armor" {
  command         = plan
  expect_failures = [var.armor]

  variables {
    limits = { addresses = { windowMs = 61000 } }
  }
}

run "ranges_that_are_none" {
  command         = plan
  expect_failures = [var.network]

  variables {
    network = { none_cidr = "10.64.0.0" }
  }
}

run "too_short_a_time" {
  command         = plan
  expect_failures = [var.runner]

  variables {
    runner = { timeout_seconds = 60 }
  }
}
