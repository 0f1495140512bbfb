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
