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
  secret_versions = { gateway_tokens = "1", peppers = "2" }
}

run "defaults" {
  command = plan

  assert {
    condition     = output.url == "https://api.acme.example"
    error_message = "Clients are told where the API is."
  }

  assert {
    condition     = length(output.accounts) > 0
    error_message = "The list of accounts is an output."
  }
}

run "one_region" {
  command = plan

  variables {
    location = "us-east4"
    region   = "us-east4"
  }

  assert {
    condition     = local.locations.databases == "us-east4" && local.locations.buckets == "US-EAST4"
    error_message = "A region is said in each service's own words."
  }
}

run "location_abroad" {
  command         = plan
  expect_failures = [var.location]

  variables {
    location = "eur3"
  }
}

run "region_abroad" {
  command         = plan
  expect_failures = [var.region]

  variables {
    region = "europe-west1"
  }
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
    secret_versions = { gateway_tokens = "latest", peppers = "1" }
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
