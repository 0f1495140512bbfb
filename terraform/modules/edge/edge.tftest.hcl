mock_provider "google" {}

variables {
  project_id = "acme-paddock-1"
  region     = "us-central1"
  domain     = "api.acme.example"
  services   = { files = "files", meta = "meta" }
  armor = {
    adaptive        = true
    enforce_waf     = true
    requests_max    = 10
    waf_sensitivity = 2
    window_seconds  = 60
  }
  functions = {
    files = {
      routes = [
        { body = "raw", paths = ["/v1/files/:id", "/files/:id"] },
        { body = "none", paths = ["/internal/files"] },
      ]
    }
    meta = { routes = [{ body = "none", paths = ["/v1/health", "/health"] }] }
  }
}

# Known in a plan here alone, so that the test sees which policy a backend names.
override_resource {
  target          = google_compute_security_policy.default
  override_during = plan
  values          = { id = "projects/acme-paddock-1/global/securityPolicies/edge" }
}

run "one_policy_before_every_backend" {
  command = plan

  assert {
    condition = alltrue([
      for backend in google_compute_backend_service.default :
      endswith(backend.security_policy, "/securityPolicies/edge")
    ])
    error_message = "No backend is public without Cloud Armor before it."
  }

  assert {
    condition = alltrue([
      for rule in google_compute_security_policy.default.rule :
      length(rule.match[0].expr) == 0 || !rule.preview
    ])
    error_message = "Told to enforce, OWASP's rules refuse."
  }

  assert {
    condition = anytrue([
      for rule in google_compute_security_policy.default.rule :
      strcontains(try(rule.match[0].expr[0].expression, ""), "^(/files/[^/]+|/v1/files/[^/]+)$")
    ])
    error_message = "Bodies of routes that take raw bytes aren't read by rules about code."
  }
}

run "nothing_internal_is_public" {
  command = plan

  assert {
    condition     = !strcontains(jsonencode(google_compute_url_map.default.path_matcher), "internal")
    error_message = "The edge routes no request below /internal, whichever function declares it."
  }
}

run "unknown_paths_need_somebody_to_answer" {
  command         = plan
  expect_failures = [var.default_function]

  variables {
    default_function = "nobody"
  }
}
