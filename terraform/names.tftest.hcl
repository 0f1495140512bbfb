# Names that the code knows, and names that it does not.
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

run "limits_of_every_depth" {
  command = plan

  variables {
    limits = {
      wallClockMs = 600000
      executions  = { max = 100 }
      requests    = { secrets = { max = 60, windowMs = 60000 } }
      incidents   = { networks = { anomaly = 5 } }
    }
  }

  assert {
    condition     = length(local.unknown_limits) == 0
    error_message = "What the code knows is taken."
  }
}

run "a_limit_that_nobody_knows" {
  command         = plan
  expect_failures = [output.settings]

  variables {
    limits = { wallClock = 600000 }
  }
}

run "a_misspelt_part_of_a_limit" {
  command         = plan
  expect_failures = [output.settings]

  variables {
    limits = { requests = { secrets = { maximum = 60 } } }
  }
}

run "models_with_names_of_ones_own" {
  command = plan

  variables {
    models = {
      default    = "claude-sonnet-5"
      aliases    = { best = "claude-sonnet-5" }
      providers  = { anthropic = {}, openai = { baseUrl = "https://models.example.com" } }
      compatible = { local = { baseUrl = "https://local.example.com", models = [], hasKey = false } }
    }
  }

  assert {
    condition     = length(local.unknown_models) == 0
    error_message = "Names of one's own are taken where the code takes them."
  }
}

run "a_provider_that_nobody_knows" {
  command         = plan
  expect_failures = [output.settings]

  variables {
    models = { providers = { antropic = {} } }
  }
}
